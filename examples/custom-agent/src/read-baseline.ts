import { readFile } from "node:fs/promises";
import { defineTool } from "@netra-apex/core";
import * as z from "zod";

/** Reads the numbers that a measurement is compared with. */
export const readBaseline = defineTool({
  name: "read_baseline",
  description: "Reads a JSON file with the latency to compare with.",
  input: z.object({ file: z.string() }),
  // What the file holds is checked here: a wrong one fails the call by name, and never reaches the agent.
  output: z.object({ p50Ms: z.number().positive() }),
  timeoutMs: 5_000,
  async run({ file }, { signal }) {
    return JSON.parse(await readFile(file, { encoding: "utf8", signal }));
  },
});
