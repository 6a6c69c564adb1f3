import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * Where the tests of Go packages are defined. `go test` names packages and functions only, so the modules are asked for once,
 * and the test files of a package are looked through when its first test ends.
 */
export class GoTestFiles {
  #modules;
  #sources;
  /** Functions by package: name to `{ file, line }`. */
  #packages = new Map();

  /** `modules` as from `findModules`; `sources` are Go files that were named instead of a package. */
  constructor(modules, sources = []) {
    this.#modules = modules;
    this.#sources = sources.map((file) => path.resolve(file));
  }

  /** The directory of a package; `undefined` when it is in none of the modules. */
  directory(packagePath) {
    const holds = (name) => packagePath === name || packagePath.startsWith(`${name}/`);
    const [module] = this.#modules.filter(({ name }) => holds(name)).toSorted((a, b) => b.name.length - a.name.length);
    return module && path.join(module.directory, packagePath.slice(module.name.length));
  }

  /** `{ file, line }` of a top-level function; `undefined` when it is not found. */
  find(packagePath, name) {
    let functions = this.#packages.get(packagePath);
    if (!functions) {
      functions = new Map(this.#testFiles(packagePath).flatMap((file) => testFunctions(file)));
      this.#packages.set(packagePath, functions);
    }
    return functions.get(name);
  }

  #testFiles(packagePath) {
    if (packagePath === "command-line-arguments") return this.#sources;
    const directory = this.directory(packagePath);
    if (directory === undefined) return [];
    try {
      const names = readdirSync(directory).filter((name) => name.endsWith("_test.go"));
      return names.map((name) => path.join(directory, name));
    } catch {
      return [];
    }
  }
}

function testFunctions(file) {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .map((text, index) => [/^func ((?:Test|Example|Fuzz|Benchmark)\w*)\(/.exec(text)?.[1], { file, line: index + 1 }])
      .filter(([name]) => name !== undefined);
  } catch {
    return [];
  }
}

/** The main modules, as `{ name, directory }`; none where there is no `go.mod`. */
export function findModules(go) {
  return new Promise((resolve) => {
    const child = spawn(go, ["list", "-m", "-f", "{{.Path}}\t{{.Dir}}"], { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    child.on("error", () => resolve([]));
    child.on("close", () => {
      const lines = text.split("\n").map((line) => line.split("\t"));
      resolve(lines.filter(([, directory]) => directory).map(([name, directory]) => ({ name, directory })));
    });
  });
}
