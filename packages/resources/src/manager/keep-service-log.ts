import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ServiceInstance } from "../instance.ts";

const mostBytes = 4 * 1024 * 1024;

/** Keeps the end of what a service has said, at most 4 MiB, in a file; one that said nothing has none. Never rejects. */
export async function keepServiceLog(
  file: string,
  instance: ServiceInstance,
  mask: (text: string) => string = (text) => text,
): Promise<void> {
  try {
    const output = await instance.output({ deadlineMs: 5_000, signal: new AbortController().signal, mostBytes });
    if (output === "") return;
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, mask(output));
  } catch {
    // To lose it is no reason to leave a service running.
  }
}
