import type { PastOptions } from "./past-options.ts";

export async function reportCommand(_runs: readonly string[], _options: PastOptions): Promise<number> {
  throw new Error("not merged yet");
}
