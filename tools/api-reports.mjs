import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { publishablePackages } from "./check-packages.mjs";

/**
 * Compares the public surface of every published package, as its built declarations have it, with the report of it that
 * is under review (`etc/<package>.api.md`, one for each entry), and finds what is exported without a docstring.
 *
 * @param {{ root: string, update?: boolean }} options `update` writes the reports instead of comparing them
 * @returns {{ exitCode: number, output: string }} one line for each problem
 */
export function checkApiReports({ root, update = false }) {
  const problems = publishablePackages(root).flatMap(({ directory }) =>
    typedEntries(directory).flatMap((entry) => checkEntry({ root, directory, entry, update })),
  );
  return { exitCode: problems.length === 0 ? 0 : 1, output: problems.map((problem) => `${problem}\n`).join("") };
}

/** Entries of a package that have declarations, each with the name of its report. */
function typedEntries(directory) {
  const { name, exports } = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8"));
  const base = name.replace(/^@[^/]+\//, "");
  return Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target !== "object" || !target.types) return [];
    const suffix = entry === "." ? "" : `-${entry.replace("./", "").replaceAll("/", "-")}`;
    return [{ declarations: path.join(directory, target.types), report: `${base}${suffix}.api.md` }];
  });
}

function checkEntry({ root, directory, entry, update }) {
  const committed = path.join(directory, "etc", entry.report);
  const shown = path.relative(root, committed).replaceAll(path.sep, "/");
  if (!existsSync(entry.declarations)) return [`${shown}: there are no declarations to report; build first`];
  const { report, errors } = extract(directory, entry.declarations);
  if (errors.length > 0) return errors.map((error) => `${shown}: ${error}`);
  const undocumented = undocumentedExports(report).map((name) => `${shown}: ${name} is exported without a docstring`);
  if (update) {
    mkdirSync(path.dirname(committed), { recursive: true });
    writeFileSync(committed, report);
    return undocumented;
  }
  const isSame = existsSync(committed) && readFileSync(committed, "utf8") === report;
  return isSame ? undocumented : [`${shown} is not what the code exports; look at it after: pnpm api`, ...undocumented];
}

/**
 * Names of the exports that have no docstring. What is named like a global (`Plugin`) stands in the report under another
 * name (`Plugin_2`) and without `export`, which follows it; everything that is not indented is exported.
 *
 * @param {string} report
 * @returns {string[]}
 */
export function undocumentedExports(report) {
  const renamed = new Map(
    Array.from(report.matchAll(/^export \{ (\S+) as (\S+) \}$/gm), ([, local, exported]) => [local, exported]),
  );
  const undocumented = report.matchAll(
    /^\/\/ @.*\(undocumented\)\n(?:export )?(?:default |declare |abstract )*\w+ ([\w$]+)/gm,
  );
  return Array.from(undocumented, ([, name]) => renamed.get(name) ?? name);
}

/** The report of one file of declarations; members without a docstring are not marked: there a good name can do. */
function extract(directory, declarations) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "apex-api-"));
  const errors = [];
  try {
    const config = ExtractorConfig.prepare({
      configObjectFullPath: undefined,
      packageJsonFullPath: path.join(directory, "package.json"),
      configObject: {
        projectFolder: directory,
        mainEntryPointFilePath: declarations,
        newlineKind: "lf",
        compiler: {
          overrideTsconfig: {
            compilerOptions: {
              target: "es2023",
              module: "nodenext",
              moduleResolution: "nodenext",
              strict: true,
              skipLibCheck: true,
              types: ["node"],
            },
            files: [declarations],
          },
        },
        apiReport: {
          enabled: true,
          reportFileName: "report.api.md",
          reportFolder: folder,
          reportTempFolder: path.join(folder, "temp"),
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
          extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        },
      },
    });
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback(message) {
        message.handled = true;
        if (message.logLevel === ExtractorLogLevel.Error) errors.push(message.text);
      },
    });
    const report = readFileSync(path.join(folder, "report.api.md"), "utf8");
    return { report: report.replaceAll(/^ +\/\/ \(undocumented\)\n/gm, ""), errors };
  } catch (error) {
    // It gives up on declarations that name what is not there.
    return { report: "", errors: [...errors, error.message.split("\n", 1)[0]] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
