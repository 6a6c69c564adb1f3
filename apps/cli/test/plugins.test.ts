import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { nodeTestConfig, nodeTestFile, Project } from "./rig/project.ts";

const probe =
  "interface Input { readonly savings: number }\n" +
  "export default {\n" +
  "  name: 'probe',\n" +
  "  async execute({ savings }: Input, context: any) {\n" +
  "    context.think(`looking for ${savings}`);\n" +
  "    context.measure('savings', savings, 'USD');\n" +
  "    context.logger.warn('the service is slow today');\n" +
  "  },\n" +
  "};\n";

function withProbe(savings: number, more = ""): Project {
  return new Project({
    "apex.yaml":
      "plugins: [./agents/probe.ts]\n" +
      "layers: { fast_feedback: { categories: [unit, probe] } }\n" +
      nodeTestConfig(
        ["unit"],
        `  probe: { agent: probe, input: { savings: ${savings} }, sla: { metrics: { savings: { min: 10 } } }${more} }\n`,
      ),
    "agents/probe.ts": probe,
    "test/unit.test.mjs": nodeTestFile({ works: "" }),
  });
}

describe("an agent of a plugin", () => {
  it("written in TypeScript runs beside test categories, and is seen in the stream", async () => {
    const { exitCode, events } = await withProbe(12).events();
    expect(exitCode).toBe(0);
    const ofProbe = events.filter((event) => "nodeId" in event && event.nodeId === "probe").map(({ type }) => type);
    expect(ofProbe).toEqual([
      "node_started",
      "agent_started",
      "agent_thinking",
      "metric_reported",
      "agent_logged",
      "agent_completed",
      "node_completed",
    ]);
  });

  it("fails by name when it breaks its promise", async () => {
    const { exitCode, stdout, stderr } = await withProbe(3).apex();
    expect(exitCode).toBe(1);
    expect(stdout).toContain("SLA: savings is 3, less than 10");
    expect(stderr).toContain("probe: the service is slow today");
  });

  it("is shown in the plan and in the list of categories", async () => {
    const project = withProbe(12, ", mutexes: [net], when: { environments: [test] }");
    expect((await project.apex("plan")).stdout).toMatch(
      /- probe +agent probe {2}\(.*one at a time: net · only in test\)/,
    );
    expect((await project.apex("--list-categories")).stdout).toMatch(/^probe +fast_feedback +agent probe$/m);
  });

  it("takes neither single tests nor arguments", async () => {
    const { exitCode, stderr } = await withProbe(12).apex("probe", "--", "--watch");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("probe is done by the agent probe, which takes no arguments");
  });
});

describe("a plugin that cannot be used", () => {
  it.each([
    [
      "a syntax error",
      "broken.mjs",
      "export default {",
      /apex\.yaml:1:11: the plugin \.\/broken\.mjs cannot be used: Unexpected/,
    ],
    ["TypeScript beyond types", "enum.ts", "enum A { B }\nexport default A;", /hint: Node only strips types/],
    ["a missing package of its own", "needs.mjs", "import 'not-installed';", /Cannot find package 'not-installed'/],
  ])("is a located error with exit code 2: %s", async (_, file, text, message) => {
    const { exitCode, stdout, stderr } = await new Project({
      "apex.yaml": `plugins: [./${file}]\n`,
      [file]: text,
    }).apex();
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe("an alert", () => {
  it("is told on stderr once, and in the stream", async () => {
    const project = new Project({
      "apex.yaml": nodeTestConfig(["unit"], 'monitoring: { alerts: [{ when: "nodes_failed > 0", notify: [log] }] }\n'),
      "test/unit.test.mjs": nodeTestFile({ fails: "assert.fail()" }),
    });
    const { stderr } = await project.apex();
    expect(stderr.match(/warning {2}alert: nodes_failed is 1/g)).toHaveLength(1);
    const { events } = await project.events();
    expect(events.filter(({ type }) => type === "alert_raised")).toHaveLength(1);
  });
});

describe("a category that runs only for changed files", () => {
  const git = (project: Project, ...args: string[]): void => {
    const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
    execFileSync("git", [...identity, ...args], { cwd: project.root, stdio: "ignore" });
  };
  const repository = (): Project => {
    const project = new Project({
      "apex.yaml": "categories: { unit: { command: node --test test/unit.test.mjs, when: { changed: ['src/**'] } } }\n",
      "src/a.mjs": "",
      "docs/ä b.md": "",
      "test/unit.test.mjs": nodeTestFile({ works: "" }),
    });
    git(project, "init", "--initial-branch", "main");
    git(project, "add", ".");
    git(project, "commit", "--message", "first");
    git(project, "checkout", "-b", "topic");
    return project;
  };
  const outcomeIn = async (project: Project, ...args: string[]) => {
    const { events } = await project.events(...args);
    const completed = events.find((event) => event.type === "node_completed" && event.nodeId === "unit");
    return completed?.type === "node_completed" ? completed.outcome : undefined;
  };

  it("is skipped while only other files differ from where the branch began", async () => {
    const project = repository();
    project.write("docs/ä b.md", "changed");
    expect(await outcomeIn(project)).toMatchObject({ status: "skipped", reason: "nothing changed in src/**" });
  });

  it("runs for a commit on the branch, for an edit, and for a new file", async () => {
    const committed = repository();
    committed.write("src/a.mjs", "// changed");
    git(committed, "commit", "--all", "--message", "second");
    expect(await outcomeIn(committed)).toEqual({ status: "passed" });
    const untracked = repository();
    untracked.write("src/new.mjs", "");
    expect(await outcomeIn(untracked)).toEqual({ status: "passed" });
  });

  it("on the main branch compares with the commit before, or with what is named", async () => {
    const project = repository();
    git(project, "checkout", "main");
    project.write("src/a.mjs", "// changed");
    git(project, "commit", "--all", "--message", "second");
    expect(await outcomeIn(project)).toEqual({ status: "passed" });
    expect(await outcomeIn(project, "--changed-since", "HEAD")).toMatchObject({ status: "skipped" });
    const { exitCode, stderr } = await project.apex("--changed-since", "nowhere");
    expect({ exitCode, says: stderr.includes('git knows no commit "nowhere"') }).toEqual({ exitCode: 2, says: true });
  });

  it("runs where git cannot tell", async () => {
    const project = new Project({
      "apex.yaml": "categories: { unit: { command: node --test test/unit.test.mjs, when: { changed: ['src/**'] } } }\n",
      "test/unit.test.mjs": nodeTestFile({ works: "" }),
    });
    expect(await outcomeIn(project)).toEqual({ status: "passed" });
  });
});
