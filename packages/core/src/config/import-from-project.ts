import path from "node:path";
import { pathToFileURL } from "node:url";

/** Whether a module is meant by its path, and not by the name of a package. */
export function isModulePath(specifier: string): boolean {
  return specifier.startsWith(".") || path.isAbsolute(specifier);
}

/**
 * Imports a module that a project brings along, with all its exports: a path (relative to `directory`; TypeScript is stripped
 * of its types by Node), or a package, resolved as the modules of that directory would import it, wherever apex is installed.
 * Throws what the module throws, and Node's errors for one that cannot be found or read: see {@link importHint}.
 */
export async function importFromProject(
  specifier: string,
  directory: string,
): Promise<Readonly<Record<string, unknown>>> {
  return (await import(await urlOf(specifier, directory))) as Record<string, unknown>;
}

async function urlOf(specifier: string, directory: string): Promise<string> {
  if (isModulePath(specifier)) return pathToFileURL(path.resolve(directory, specifier)).href;
  const { resolve } = await import("import-meta-resolve");
  return resolve(specifier, pathToFileURL(path.join(directory, "apex.yaml")).href);
}

/** What to do about an error of {@link importFromProject}, where there is something to say. */
export function importHint(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ERR_MODULE_NOT_FOUND":
      return 'write paths with a leading "./", and packages as they are installed';
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
    case "ERR_INVALID_TYPESCRIPT_SYNTAX":
      return "Node only strips types: write it without enums, namespaces and parameter properties";
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return "a package must be published as JavaScript";
    default:
      return undefined;
  }
}
