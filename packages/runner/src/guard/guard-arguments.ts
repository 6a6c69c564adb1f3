import { fileURLToPath } from "node:url";

/**
 * The arguments with which Node starts the guard's program, which is beside this file: TypeScript in the sources, JavaScript in
 * what is published.
 */
export function guardArguments(): string[] {
  const isSource = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(new URL(isSource ? "./guard-main.ts" : "./guard-main.js", import.meta.url));
  return isSource ? ["--conditions=@netra-apex/source", file] : [file];
}
