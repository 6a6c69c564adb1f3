import { describe, expect, it } from "vitest";
import { eventsOf, nodeTestFile, Project } from "./rig/project.ts";

/** Tests that fall back to a mock as soon as the service does not answer, and stay green. */
function fallingBack(): Project {
  return new Project({
    "apex.yaml": `extends: none
layers: { only: { categories: [api] } }
categories: { api: { command: node --test test/api.test.mjs } }
`,
    "test/api.test.mjs": nodeTestFile({
      "orders are listed": `
        console.log("real services:", process.env.USE_REAL_SERVICES ?? "no");
        await new Promise((resolve) => setTimeout(resolve, 30));
        console.log("service down, falling back to mock");`,
    }),
  });
}

describe("a category that prints that it falls back to mocks", () => {
  it("is inconclusive under --real-services: exit 5, and the line is named", async () => {
    const { exitCode, stdout } = await fallingBack().apex("--real-services");
    expect(exitCode).toBe(5);
    expect(stdout).toContain("INCONCLUSIVE");
    expect(stdout).toMatch(/green, but not proved: .*"service down, falling back to mock" \(one line\)/);
    expect(stdout).toContain("real services: true");
    expect(stdout).toMatch(/rerun\s.* --real-services api$/m);
  });

  it("passes where nothing real was asked for", async () => {
    const { exitCode, stdout } = await fallingBack().apex();
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("not proved");
  });
});

describe("a pass with fewer tests than the last one", () => {
  it("is told of, and one of another command is not", async () => {
    const project = new Project({
      "apex.yaml":
        "extends: none\nlayers: { only: { categories: [unit] } }\ncategories: { unit: { command: node --test unit.test.mjs } }\n",
      "unit.test.mjs": nodeTestFile({ one: "", two: "", three: "" }),
    });
    expect((await project.apex()).stdout).not.toContain("passed last");
    project.write("unit.test.mjs", nodeTestFile({ one: "", two: "" }));
    const { exitCode, stdout } = await project.apex();
    expect(exitCode).toBe(0);
    expect(stdout).toContain("! unit  proves little: 2 tests, and 3 when it passed last");
    project.write("unit.test.mjs", nodeTestFile({ one: "" }));
    expect((await project.apex("unit", "--", "--test-timeout=60000")).stdout).not.toContain("passed last");
  });
});

describe("secrets", () => {
  it("are in no event, no log and no output, and still in the environment of the tests", async () => {
    const project = new Project({
      "apex.yaml": `extends: none
layers: { only: { categories: [unit] } }
mask: { variables: [API_TOKEN, OTHER_TOKEN], patterns: ["sk-[a-z0-9]{8}"] }
categories:
  unit:
    command: node check.mjs
    env: { API_TOKEN: hunter2-is-secret }
`,
      "check.mjs": `
        if (process.env.API_TOKEN !== "hunter2-is-" + "secret" || process.env.OTHER_TOKEN.length !== 9) process.exit(9);
        console.log("token", process.env.API_TOKEN, process.env.OTHER_TOKEN, "sk-1234abcd", "sk-short");
        process.exit(1);`,
    });
    const { stdout, stderr, exitCode } = await project.start(["--json", "--verbose"], { OTHER_TOKEN: "s3cr3t-xx" });
    expect(exitCode).toBe(1);
    const node = eventsOf(stdout).find((event) => event.type === "node_completed");
    expect(project.read(node?.evidence?.logFile ?? "")).toBe("token *** *** *** sk-short\n");
    for (const secret of ["hunter2", "s3cr3t", "sk-1234abcd"]) {
      expect({ secret, isSeen: (stdout + stderr).includes(secret) }).toEqual({ secret, isSeen: false });
    }
  });
});

describe("a secret that is spelled like a word of ours", () => {
  it.each(["failed", "passed", "node", "layer", "test", "unit"])("%s leaves the run readable", async (secret) => {
    const project = new Project({
      "apex.yaml": `extends: none
layers: { layer: { categories: [unit] } }
mask: { variables: [SECRET] }
categories: { unit: { command: node --test unit.test.mjs } }
`,
      "unit.test.mjs": nodeTestFile({ one: "", two: "assert.fail(process.env.SECRET)" }),
    });
    const { stdout, exitCode } = await project.start([], { SECRET: secret });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/FAILED · 1 category, 1 failed · 2 .*, 1 failed/);
  });
});

describe("limits", () => {
  const limited = (more = ""): Project =>
    new Project({
      "apex.yaml": `extends: none
layers: { only: { categories: [unit] } }
${more}categories: { unit: { command: sleep 0.6, max_memory: 1GiB, max_cpu_percent: 50 } }
`,
    });

  it("are told with the level that was really in force, in the event and in the summary", async () => {
    const { events } = await limited().events();
    const node = events.find((event) => event.type === "node_completed");
    const levels = node?.evidence?.limits;
    expect(levels?.memory).toMatchObject({
      requestedBytes: 2 ** 30,
      enforcement: expect.stringMatching(/^(sampled|cgroup2)$/),
    });
    expect(levels?.cpu).toMatchObject({ enforcement: expect.stringMatching(/^(hint|cgroup2)$/) });
    const run = events.find((event) => event.type === "run_completed");
    expect(run?.summary.limits).toEqual({
      memory: { [levels?.memory?.enforcement ?? ""]: 1 },
      cpu: { [levels?.cpu?.enforcement ?? ""]: 1 },
    });
    const { stdout } = await limited().apex();
    expect(stdout).toMatch(/^ {2}limits: memory enforced by .* \(1 category\); CPU .* \(1 category\)$/m);
  });

  it("that are strict and cannot be enforced are refused before anything runs", async () => {
    const project = limited("limits: { strict: true }\n");
    const { exitCode, stderr } = await project.apex();
    // On a machine with control groups of its own there is nothing to refuse.
    if (exitCode === 0) return;
    expect(exitCode).toBe(2);
    expect(stderr).toContain("limits are strict, and this machine cannot enforce the CPUs of unit");
    expect(project.has(".apex/runs")).toBe(false);
  });

  it("that are strict are a container engine's to enforce where a command runs a container", async () => {
    const project = new Project({
      "apex.yaml": `extends: none
layers: { only: { categories: [unit] } }
limits: { strict: true }
categories: { unit: { command: docker run image, max_memory: 1GiB, max_cpu_percent: 50 } }
`,
    });
    const { exitCode, stderr } = await project.start([], { DOCKER_HOST: "unix:///nobody/answers" });
    // It fails, with or without Docker, but it is not refused.
    expect(exitCode).toBe(1);
    expect(stderr).not.toContain("limits are strict");
    expect(project.has(".apex/runs")).toBe(true);
  });
});
