import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { eventsOf, Project } from "./rig/project.ts";

const gibibyte = 2 ** 30;
const lastLine = "the very last line";

/** A category that writes so much, and then fails. */
function writing(bytes: number): Project {
  return new Project({
    "apex.yaml": `extends: none
layers: { only: { categories: [unit] } }
categories: { unit: { command: node write.mjs } }
`,
    "write.mjs": `import { writeSync } from "node:fs";
const piece = Buffer.from(("x".repeat(1023) + "\\n").repeat(1024));
for (let left = ${bytes}; left > 0; left -= piece.length) writeSync(1, piece);
console.log(${JSON.stringify(lastLine)});
process.exit(1);`,
  });
}

/** The most memory that apex itself had resident at any time, in MiB, and what it printed. */
async function peakOf(project: Project, ...args: string[]) {
  const run = project.start(args);
  let peakMib = 0;
  const timer = setInterval(() => {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(statusOf(run.pid))?.[1];
    peakMib = Math.max(peakMib, Number(kilobytes ?? 0) / 1024);
  }, 10);
  const { stdout, exitCode } = await run;
  clearInterval(timer);
  return { peakMib, stdout, exitCode };
}

function statusOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    return "";
  }
}

it.runIf(process.platform === "linux")(
  "1 GiB of output costs apex less than 50 MB, is in the log to its last line, and its end is shown",
  { timeout: 120_000 },
  async () => {
    const small = await peakOf(writing(0));
    const project = writing(gibibyte);
    const big = await peakOf(project, "--json");
    const grownMib = big.peakMib - small.peakMib;
    console.log(
      `1 GiB of output: apex took ${big.peakMib.toFixed(0)} MiB, ${grownMib.toFixed(0)} MiB more than without`,
    );
    expect({ small: small.exitCode, big: big.exitCode }).toEqual({ small: 1, big: 1 });
    expect(grownMib).toBeLessThan(50);

    const events = eventsOf(big.stdout);
    const node = events.find((event) => event.type === "node_completed");
    expect(node?.evidence?.outputTail).toContain(lastLine);
    const logFile = path.join(project.root, node?.evidence?.logFile ?? "");
    expect(statSync(logFile).size).toBe(gibibyte + lastLine.length + 1);
    expect(endOf(logFile, 40)).toMatch(/x\nthe very last line\n$/);
    const told = events.flatMap((event) => (event.type === "output" ? [event.text] : [])).join("");
    expect(told).toMatch(/MiB of output are left out here; the log has them/);
    expect(told.endsWith(`x\n${lastLine}\n`)).toBe(true);
  },
);

function endOf(file: string, bytes: number): string {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(bytes);
    readSync(descriptor, buffer, 0, bytes, statSync(file).size - bytes);
    return buffer.toString();
  } finally {
    closeSync(descriptor);
  }
}
