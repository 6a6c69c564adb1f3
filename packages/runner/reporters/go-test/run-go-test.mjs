/**
 * Runs `go test -json` and tells apex of each test as it ends; what the tests print is shown as `go test -v` shows it.
 *
 * run-go-test.mjs REPORT run|raw|list COMMAND…   `raw` shows the events themselves, for a command that asked for them.
 */
import { spawn } from "node:child_process";
import { openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { GoTestEvents } from "./go-test-events.mjs";
import { findModules, GoTestFiles } from "./go-test-files.mjs";

const [reportFile, mode, command, ...args] = process.argv.slice(2);
const report = openSync(reportFile, "w");
const write = (line) => writeSync(report, `${JSON.stringify(line)}\n`);

const go = [command, ...args].find((word) => /(?:^|[/\\])go(?:\.exe)?$/.test(word)) ?? "go";
const searching = findModules(go);
const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
const ended = new Promise((resolve) => {
  child.on("error", (error) => resolve({ error }));
  child.on("close", (code, signal) => resolve({ code, signal }));
});
// What nobody listens to when a process ends is lost, so lines are taken at once and wait for the modules to be known.
const waiting = [];
let take = (line) => waiting.push(line);
const reading = [readLines(child.stdout, takeOutput), readLines(child.stderr, takeError)];
// Whoever ends the group of processes ends Go, too; what it still says is to be heard.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));

write({ type: "begin", framework: "go test" });
const files = new GoTestFiles(
  await searching,
  args.filter((word) => word.endsWith(".go")),
);
const events = new GoTestEvents({ write, files, lists: mode === "list" });
take = (line) => line();
for (const line of waiting) line();

const { code, signal, error } = await ended;
if (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(error.code === "ENOENT" ? 127 : 126);
}
await Promise.all(reading);
events.end(code ?? undefined);
if (signal) {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
} else process.exitCode = code;

function readLines(stream, handle) {
  return new Promise((resolve) => {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
      .on("line", (line) => take(() => handle(line)))
      .on("close", resolve);
  });
}

function takeOutput(line) {
  const event = parseEvent(line);
  if (!event) {
    process.stdout.write(`${line}\n`);
    events.addText(line);
    return;
  }
  const shown = events.add(event);
  process.stdout.write(mode === "raw" ? `${line}\n` : shown);
}

function takeError(line) {
  process.stderr.write(`${line}\n`);
  events.addError(line);
}

function parseEvent(line) {
  if (!line.startsWith("{")) return undefined;
  try {
    const event = JSON.parse(line);
    return typeof event.Action === "string" ? event : undefined;
  } catch {
    return undefined;
  }
}
