import { fileURLToPath } from "node:url";

/** The absolute path of the guard's program, beside this file: TypeScript in the sources, JavaScript in what is published. */
export function guardFile(): string {
  const isSource = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(isSource ? "./guard-main.ts" : "./guard-main.js", import.meta.url));
}
