import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { availableMemoryBytes } from "../../src/preflight/available-memory.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A kernel's files, with eight GiB that the machine could give. */
function kernel(cgroup: string, groups: Record<string, string>): { proc: string; controlGroups: string } {
  const root = temporaryDirectory();
  const files = { "proc/meminfo": "MemTotal: 1 kB\nMemAvailable:    8388608 kB\n", "proc/self/cgroup": cgroup };
  const all = {
    ...files,
    ...Object.fromEntries(Object.entries(groups).map(([name, text]) => [`cgroup/${name}`, text])),
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), `${text}\n`);
  }
  return { proc: path.join(root, "proc"), controlGroups: path.join(root, "cgroup") };
}

const gib = 2 ** 30;

test("without a limit it is what the machine has", () => {
  const groups = { "a/memory.max": "max", "a/memory.current": "77" };
  expect(availableMemoryBytes(kernel("0::/a", groups))).toBe(8 * gib);
  const old = { "memory/a/memory.limit_in_bytes": "9223372036854771712", "memory/a/memory.usage_in_bytes": "77" };
  expect(availableMemoryBytes(kernel("3:cpu,memory:/a", old))).toBe(8 * gib);
});

test("the tightest limit of a group and those around it counts, and cached files are free (version 2)", () => {
  const groups = {
    "a/memory.max": String(4 * gib),
    "a/memory.current": String(3 * gib),
    "a/memory.stat": `anon 1\ninactive_file ${gib}\n`,
    "a/b/memory.max": String(6 * gib),
    "a/b/memory.current": String(gib),
  };
  expect(availableMemoryBytes(kernel("0::/a/b", groups))).toBe(2 * gib);
});

test("in a container its own group is the root, and what is used up is nothing (version 1)", () => {
  const groups = {
    "memory/memory.limit_in_bytes": String(gib),
    "memory/memory.usage_in_bytes": String(2 * gib),
    "memory/memory.stat": "inactive_file 5\ntotal_inactive_file 7",
  };
  expect(availableMemoryBytes(kernel("0::/\n4:memory:/docker/cafe", groups))).toBe(0);
});

test("on this machine it is something between nothing and all", () => {
  const bytes = availableMemoryBytes();
  expect(bytes).toBeGreaterThan(2 ** 20);
  expect(bytes).toBeLessThanOrEqual(os.totalmem());
});
