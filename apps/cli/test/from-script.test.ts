import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { nodeTestConfig, nodeTestFile, Project } from "./rig/project.ts";

/** What a script imports of the published package. */
const library = pathToFileURL(path.resolve(import.meta.dirname, "../dist/lib/index.js")).href;

const runs = (then: string): string =>
  `import { run } from ${JSON.stringify(library)};\nconst summary = await run({ categories: ["unit"] });\n${then}\n`;

async function script(project: Project, env: Readonly<Record<string, string>> = {}) {
  // Node 22 warns of its SQLite; only the program keeps that from people.
  return execa(process.execPath, ["--disable-warning=ExperimentalWarning", "script.mjs"], {
    cwd: project.root,
    env,
    reject: false,
    timeout: 60_000,
  });
}

describe("run() of the built package", () => {
  it("runs tests in processes of its guard, and leaves a journal and a history", async () => {
    const project = new Project({
      "apex.yaml": nodeTestConfig(["unit"]),
      "test/unit.test.mjs": nodeTestFile({ adds: "" }),
      "script.mjs": runs("console.log(JSON.stringify(summary));"),
    });
    const { exitCode, stdout, stderr } = await script(project);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 0, counts: { total: 1, passed: 1 } });
    expect(existsSync(path.join(project.root, ".apex/apex.db"))).toBe(true);
    expect(readdirSync(path.join(project.root, ".apex/runs"))).toHaveLength(1);
    expect(JSON.parse((await project.apex("history", "--json")).stdout)).toMatchObject([{ status: "passed" }]);
  });

  it("is not resumed with stars in the place of its secrets", async () => {
    const project = new Project({
      "apex.yaml": [
        'categories:\n  unit: { command: "sh check.sh", env: { TOKEN: hunter2secret } }',
        "mask: { variables: [TOKEN] }",
      ].join("\n"),
      "check.sh": 'test "$TOKEN" = hunter2secret && exit 1\n',
      "script.mjs": runs(""),
    });
    await script(project);
    const { exitCode, stderr } = await project.apex("resume", "latest");
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining("held a secret") });
  });
});
