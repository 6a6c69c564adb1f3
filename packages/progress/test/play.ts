import type { Reporter } from "@netra-apex/core";
import type { ReporterOptions } from "../src/reporter-options.ts";
import { createSimpleReporter } from "../src/simple-reporter.ts";
import { CollectedStream } from "./collected-stream.ts";
import type { EventScript } from "./event-script.ts";
import { ManualClock } from "./manual-clock.ts";

/** A simple reporter with everything it touches. */
export function simpleRig(options: Partial<ReporterOptions> = {}): {
  readonly reporter: Reporter;
  readonly stdout: CollectedStream;
  readonly stderr: CollectedStream;
  readonly clock: ManualClock;
} {
  const rig = { stdout: new CollectedStream(), stderr: new CollectedStream(), clock: new ManualClock() };
  return { ...rig, reporter: createSimpleReporter({ ...rig, ...options }) };
}

/** What the simple reporter makes of a whole run. */
export async function playSimple(
  script: EventScript,
  options: Partial<ReporterOptions> = {},
): Promise<{ readonly out: string; readonly err: string }> {
  const { reporter, stdout, stderr } = simpleRig(options);
  script.playTo(reporter);
  await reporter.close?.();
  return { out: stdout.text, err: stderr.text };
}

/** Takes the indentation of the first line off every line, so that expected texts can stand in the code. */
export function text(strings: TemplateStringsArray, ...values: readonly unknown[]): string {
  const whole = String.raw({ raw: strings.raw }, ...values)
    .replace(/^\n/, "")
    .replace(/[ ]*$/, "");
  const indent = /^ */.exec(whole)?.[0] ?? "";
  return whole
    .split("\n")
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    .join("\n");
}
