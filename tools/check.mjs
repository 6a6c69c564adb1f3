/**
 * Every check of this repository, one after the other: `pnpm check [--verbose] [step …]`. A failed step does not stop the
 * others. The last line is the count: tests, and one for each step that is not made of tests.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkSteps } from "./check-steps.mjs";
import { satisfiesFloor } from "./node-floor.mjs";
import { isSkipJustified } from "./skip-rule.mjs";
import { StepError } from "./step-error.mjs";
import { toolEnvironment } from "./toolchain.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const print = (text) => process.stdout.write(`${text}\n`);

async function main(args) {
  const isVerbose = args.includes("--verbose");
  const ids = args.filter((arg) => arg !== "--verbose");
  const unknown = ids.filter((id) => !checkSteps.some((step) => step.id === id));
  if (unknown.length > 0) {
    print(`no such step: ${unknown.join(", ")}; there are ${checkSteps.map((step) => step.id).join(", ")}`);
    return 2;
  }
  const { engines } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  if (!satisfiesFloor(process.versions.node, engines.node)) {
    print(
      `Node ${process.versions.node} is below the floor (${engines.node}): npm test fetches one and runs these checks with it`,
    );
    return 2;
  }
  const context = {
    root,
    env: toolEnvironment({ node: process.execPath }),
    onOutput: isVerbose ? (text) => process.stdout.write(text) : undefined,
  };
  const results = [];
  for (const step of ids.length > 0 ? checkSteps.filter(({ id }) => ids.includes(id)) : checkSteps) {
    results.push(await runStep(step, context));
  }
  printSummary(results);
  return results.some((result) => result.failed > 0) ? 1 : 0;
}

async function runStep({ id, title, run }, context) {
  process.stdout.write(`${title} …`);
  const startedAt = performance.now();
  const result = { id, title, ...judgeSkipped(await settle(run, context)), durationMs: performance.now() - startedAt };
  print(` ${result.failed > 0 ? "FAILED" : "ok"} ${describe(result)}`);
  if (result.failed > 0 && !context.onOutput) print(`${indent(result.output.trimEnd())}\n`);
  return result;
}

/** A step that could not do its work has failed, and the next one gets its turn. */
async function settle(run, context) {
  try {
    return await run(context);
  } catch (error) {
    const output = error instanceof StepError ? `${error.message}\n${error.output}` : error.stack;
    return { passed: 0, failed: 1, skipped: [], output };
  }
}

/** Where everything is supposed to run, a test that was skipped without a reason has failed. */
function judgeSkipped(result) {
  if (!process.env.CI) return result;
  const unjustified = result.skipped.filter((title) => !isSkipJustified(title));
  if (unjustified.length === 0) return result;
  return {
    ...result,
    failed: result.failed + unjustified.length,
    skipped: result.skipped.filter((title) => isSkipJustified(title)),
    output: `${result.output}\nskipped although CI is set, see tools/skip-rule.mjs:\n${unjustified.map((title) => `- ${title}`).join("\n")}`,
  };
}

function printSummary(results) {
  const width = Math.max(...results.map(({ title }) => title.length));
  print("");
  for (const result of results) {
    print(`${result.failed > 0 ? "✗" : "✓"} ${result.title.padEnd(width)}  ${describe(result)}`);
  }
  const skipped = results.flatMap((result) => result.skipped);
  if (skipped.length > 0) print(`\nskipped:\n${skipped.map((title) => `- ${title}`).join("\n")}`);
  const notes = results.flatMap((result) => result.notes ?? []);
  if (notes.length > 0) print(`\nslowest test files:\n${notes.join("\n")}`);
  const total = (count) => results.reduce((sum, result) => sum + count(result), 0);
  print("");
  print(
    countLine(
      total((result) => result.passed),
      total((result) => result.failed),
      skipped.length,
    ),
  );
}

function describe({ id, passed, failed, skipped, durationMs }) {
  const seconds = `${(durationMs / 1000).toFixed(1)} s`;
  const isOfTests = ["tests", "tools", "example"].includes(id);
  return isOfTests ? `${seconds}, ${countLine(passed, failed, skipped.length)}` : seconds;
}

function countLine(passed, failed, skipped) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function indent(text) {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

process.exitCode = await main(process.argv.slice(2));
