import {
  describeThrown,
  didYouMean,
  importFromProject,
  importHint,
  isModulePath,
  type Reporter,
  type ReporterFactory,
} from "@netra-apex/core";
import { ReporterModuleError, UnknownReporterError } from "./reporter-errors.ts";
import { reporterTable } from "./reporter-table.ts";

/** From where modules are found. */
export interface ReporterPlaces {
  /** Paths of modules and of files are relative to it. */
  readonly cwd: string;
  /** Packages are those that this project can import. */
  readonly projectRoot: string;
}

/**
 * Loads a reporter of somebody else: a module's path or the name of a package. Its export is a factory, a class or a reporter,
 * and called `default`, `reporter` or `createReporter`. Throws `UnknownReporterError` or `ReporterModuleError`.
 */
export async function loadReporter(name: string, { cwd, projectRoot }: ReporterPlaces): Promise<ReporterFactory> {
  const module = await importReporter(name, isModulePath(name) ? cwd : projectRoot);
  // A module of CommonJS has all that it exports in `default`.
  const inner = isRecord(module["default"]) ? module["default"] : {};
  const exported = [module, inner].flatMap((of) => [of["default"], of["reporter"], of["createReporter"]]);
  for (const made of exported) {
    if (isReporter(made)) return () => made;
    if (typeof made === "function") return factoryOf(name, made as (context: never) => unknown);
  }
  const names = Object.keys(module).join(", ") || "nothing";
  throw new ReporterModuleError(`the module ${name} has no reporter: it exports ${names}`, {
    hint: "export it, or a function that makes it, as default, reporter or createReporter",
  });
}

/** Whether a value is a reporter. */
function isReporter(value: unknown): value is Reporter {
  if (!isRecord(value)) return false;
  const { name, onEvent, close, notice } = value;
  return (
    typeof name === "string" &&
    typeof onEvent === "function" &&
    [close, notice].every((method) => method === undefined || typeof method === "function")
  );
}

function factoryOf(name: string, make: (context: never) => unknown): ReporterFactory {
  return async (context) => {
    let made: unknown;
    try {
      made = isClass(make) ? Reflect.construct(make, [context]) : await make(context as never);
    } catch (error) {
      throw new ReporterModuleError(`the reporter ${name} cannot be made: ${describeThrown(error)}`, { cause: error });
    }
    if (isReporter(made)) return made;
    throw new ReporterModuleError(`the function of ${name} makes no reporter`, {
      hint: "a reporter is { name, onEvent(event), close?() }",
    });
  };
}

function isClass(value: (context: never) => unknown): boolean {
  return Function.prototype.toString.call(value).startsWith("class");
}

async function importReporter(name: string, directory: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await importFromProject(name, directory);
  } catch (error) {
    if (!isModulePath(name) && isMissing(error, name)) {
      const near = didYouMean(name, Object.keys(reporterTable));
      const other = "a module of your own is named by its path (./my-reporter.ts) or package";
      throw new UnknownReporterError(`there is no reporter "${name}"`, {
        hint: near === undefined ? other : `${near}; ${other}`,
        cause: error,
      });
    }
    const hint = importHint(error);
    throw new ReporterModuleError(`the reporter ${name} cannot be loaded: ${describeThrown(error)}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}

/** Whether it is the package itself that is not there, and not one that it imports. */
function isMissing(error: unknown, name: string): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_INVALID_MODULE_SPECIFIER") return true;
  return code === "ERR_MODULE_NOT_FOUND" && error instanceof Error && error.message.includes(`'${packageOf(name)}'`);
}

function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
