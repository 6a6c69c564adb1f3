import { fileURLToPath } from "node:url";

/** The programs of this package, which are started as processes of their own. */
export type Program = "daemon-main" | "attempt-main";

const sources: Readonly<Record<Program, string>> = {
  "daemon-main": "./daemon/daemon-main.ts",
  "attempt-main": "./attempt/attempt-main.ts",
};

/** The file of a program: beside this one, as TypeScript in the sources, as JavaScript in what is published. */
export function programFile(program: Program): string {
  const isSource = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(isSource ? sources[program] : `./${program}.js`, import.meta.url));
}

/** The arguments with which Node starts a program. */
export function programArguments(program: Program): string[] {
  const file = programFile(program);
  return file.endsWith(".ts") ? ["--conditions=@netra-apex/source", file] : [file];
}
