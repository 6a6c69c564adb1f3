import { existsSync } from "node:fs";
import path from "node:path";

/** File names in the order in which a directory is searched for them. */
const configFileNames: readonly string[] = [
  "apex.yaml",
  "apex.config.yaml",
  "apex.config.ts",
  path.join("config", "test_layers.yaml"),
  path.join("test_framework", "config", "test_layers.yaml"),
];

/** Where a config was found, or where the project starts when there is none. */
export interface ConfigPlace {
  readonly file?: string;
  /** `categories.yaml` beside a `test_layers.yaml`. */
  readonly categoriesFile?: string;
  /** Absolute directory that the config's relative paths refer to. */
  readonly projectRoot: string;
}

/** Searches `cwd` and the directories above it, up to the repository's root. */
export function findConfig(cwd: string): ConfigPlace {
  let firstPackage: string | undefined;
  for (const directory of upwards(cwd)) {
    for (const name of configFileNames) {
      const file = path.join(directory, name);
      if (existsSync(file)) return placeOf(file, directory);
    }
    if (existsSync(path.join(directory, "package.json"))) firstPackage ??= directory;
    if (existsSync(path.join(directory, ".git"))) break;
  }
  return { projectRoot: firstPackage ?? cwd };
}

/** The place of a config that was named: its project is the directory that the search would have found it from. */
export function placeOfNamedConfig(file: string): ConfigPlace {
  const directory = path.dirname(file);
  const suffix = configFileNames.find((name) => name.includes(path.sep) && file.endsWith(path.sep + name));
  return placeOf(file, suffix === undefined ? directory : file.slice(0, -suffix.length - 1) || path.sep);
}

function placeOf(file: string, projectRoot: string): ConfigPlace {
  const beside = path.join(path.dirname(file), "categories.yaml");
  const hasCategories = path.basename(file) === "test_layers.yaml" && existsSync(beside);
  return { file, projectRoot, ...(hasCategories ? { categoriesFile: beside } : {}) };
}

function* upwards(from: string): Generator<string> {
  let directory = path.resolve(from);
  for (;;) {
    yield directory;
    const parent = path.dirname(directory);
    if (parent === directory) return;
    directory = parent;
  }
}
