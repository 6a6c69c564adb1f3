import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runQuietly } from "./run-quietly.mjs";
import { toolScript } from "./tool-script.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** For each file of an imagined workspace, what it imports and whether the linter lets it. */
const cases = [
  ...refused("packages/core/src/plan/a.ts", [
    "@netra-apex/core",
    "@netra-apex/runner",
    "@netra-apex/progress/render",
    "@netra-apex/store",
    "netra-apex",
    "netra-apex/define-config",
    "../../../runner/src/index.ts",
    "../../../../apps/cli/src/main.ts",
  ]),
  ...allowed("packages/core/src/plan/a.ts", ["zod", "node:path", "./plan.ts", "../events/run-event.ts"]),
  ...allowed("packages/core/test/plan/a.test.ts", ["../../src/plan/plan.ts", "../rig/run-rig.ts", "vitest"]),
  ...["runner", "resources", "progress", "store", "some-new-package"].flatMap((name) => [
    ...refused(`packages/${name}/src/a.ts`, [
      name === "progress" ? "@netra-apex/runner" : "@netra-apex/progress",
      "@netra-apex/background-e2e",
      "@netra-apex/server",
      "netra-apex",
      "../../core/src/index.ts",
      "@netra-apex/core/src/index.ts",
      "@netra-apex/core/dist/index.js",
      "packages/core/index.ts",
    ]),
    ...allowed(`packages/${name}/src/a.ts`, ["@netra-apex/core", "@netra-apex/core/testing", "execa"]),
  ]),
  ...refused("packages/background-e2e/src/a.ts", [
    "@netra-apex/progress",
    "@netra-apex/store/src/journal.ts",
    "netra-apex",
    "../../store/src/index.ts",
  ]),
  ...allowed("packages/background-e2e/src/a.ts", [
    "@netra-apex/core",
    "@netra-apex/core/testing",
    "@netra-apex/store",
    "@netra-apex/store/testing",
    "@netra-apex/runner",
    "@netra-apex/resources",
  ]),
  ...refused("apps/cli/src/commands/a.ts", [
    "../../../../packages/core/src/index.ts",
    "@netra-apex/core/src/index.ts",
    "../../../server/src/main.ts",
  ]),
  ...allowed("apps/cli/src/commands/a.ts", [
    "@netra-apex/core",
    "@netra-apex/runner",
    "@netra-apex/progress",
    "../flags.ts",
  ]),
  ...refused("bench/a.ts", ["../packages/core/src/index.ts"]),
];

describe("the import boundaries", () => {
  let workspace;
  let refusals;

  before(async () => {
    workspace = mkdtempSync(path.join(os.tmpdir(), "apex-boundaries-"));
    copyFileSync(path.join(root, ".oxlintrc.json"), path.join(workspace, ".oxlintrc.json"));
    symlinkSync(path.join(root, "node_modules"), path.join(workspace, "node_modules"), "junction");
    for (const { file, source } of cases) {
      mkdirSync(path.dirname(path.join(workspace, file)), { recursive: true });
      writeFileSync(path.join(workspace, file), source);
    }
    const args = [toolScript(root, "oxlint"), "--format=json", "packages", "apps", "bench"];
    const { stdout, output } = await runQuietly(process.execPath, args, { cwd: workspace });
    assert.ok(stdout.startsWith("{"), output);
    refusals = JSON.parse(stdout).diagnostics.filter(({ code }) => code === "eslint(no-restricted-imports)");
  });

  after(() => rmSync(workspace, { recursive: true, force: true }));

  const isRefusedByLinter = ({ file }) =>
    refusals.some(({ filename }) => path.normalize(filename) === path.normalize(file));
  for (const [title, group] of Map.groupBy(
    cases,
    ({ importer, isRefused }) => `${importer} ${isRefused ? "may not" : "may"} import`,
  )) {
    test(`${title} ${[...new Set(group.map(({ imported }) => imported))].join(", ")}`, () => {
      const misjudged = group.filter((each) => isRefusedByLinter(each) !== each.isRefused);
      assert.deepEqual(
        misjudged.map(({ source }) => source),
        [],
      );
    });
  }
});

function refused(importer, importedList) {
  // A type, a re-export and a lazy import are imports, too.
  const forms = [
    { form: "import", write: (name) => `import { value } from "${name}";\nconsumes(value);\n` },
    {
      form: "import a type from",
      write: (name) => `import type { Value } from "${name}";\nexport type Own = Value;\n`,
    },
    { form: "re-export", write: (name) => `export { value } from "${name}";\n` },
    { form: "lazily import", write: (name) => `export const load = () => import("${name}");\n` },
  ];
  return importedList.flatMap((imported) =>
    forms.map((form) => makeCase({ importer, imported, isRefused: true, ...form })),
  );
}

function allowed(importer, importedList) {
  const write = (name) => `export { value } from "${name}";\n`;
  return importedList.map((imported) => makeCase({ importer, imported, isRefused: false, form: "import", write }));
}

/** Each case has a file of its own beside the importer, so that what is reported of it is about this import alone. */
function makeCase({ importer, imported, isRefused, form, write }) {
  const name = `${form}-${imported}`.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase();
  const file = `${path.posix.dirname(importer)}/${name}.ts`;
  return {
    file,
    importer: importer.split("/").slice(0, 2).join("/"),
    imported,
    form,
    isRefused,
    source: write(imported),
  };
}
