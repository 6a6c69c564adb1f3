import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { followOutput } from "../../src/process/follow-output.ts";
import { runProcess } from "../../src/process/run-process.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { waitUntil } from "../wait-until.ts";

function follow(logFile: string) {
  const pieces: string[] = [];
  const follower = followOutput(logFile, (text) => pieces.push(text));
  return { pieces, text: () => pieces.join(""), finish: () => follower.finish() };
}

describe("followOutput", () => {
  test("hands over what is appended while the process still runs", async () => {
    const logFile = path.join(temporaryDirectory(), "log.log");
    const output = follow(logFile);
    appendFileSync(logFile, "one\n");
    await waitUntil(() => output.text() === "one\n");
    appendFileSync(logFile, "two\n");
    await waitUntil(() => output.text() === "one\ntwo\n");
    await output.finish();
    expect(output.text()).toBe("one\ntwo\n");
  });

  test("loses nothing of a writer that floods the log and exits", async () => {
    const cwd = temporaryDirectory();
    const logFile = path.join(cwd, "log.log");
    const output = follow(logFile);
    const script = "for (let i = 0; i < 50_000; i++) fs.writeSync(1, `line ${i} ${'ü'.repeat(45)}\\n`)";
    await runProcess({ command: { kind: "argv", file: process.execPath, args: ["-e", script] }, cwd, logFile });
    await output.finish();
    expect(output.text()).toBe(readFileSync(logFile, "utf8"));
    expect(output.text().length).toBeGreaterThan(2_500_000);
    expect(Math.max(...output.pieces.map((piece) => Buffer.byteLength(piece)))).toBeLessThanOrEqual(64 * 1024 + 3);
  });

  test("leaves out the middle of an output that nobody could read, says so, and keeps beginning and end", async () => {
    const logFile = path.join(temporaryDirectory(), "log.log");
    const pieces: string[] = [];
    const limitBytes = 100_000;
    const follower = followOutput(logFile, (text) => pieces.push(text), limitBytes);
    const lines = Array.from({ length: 300_000 }, (_, index) => `line ${index}\n`);
    writeFileSync(logFile, lines.join(""));
    await follower.finish();
    const text = pieces.join("");
    expect(text.startsWith(lines.slice(0, 5_000).join(""))).toBe(true);
    expect(text.endsWith(lines.slice(-5_000).join(""))).toBe(true);
    expect(text).toMatch(/\n… 4 MiB of output are left out here; the log has them …\n/);
    expect(text.length).toBeLessThan(limitBytes + 66_000);
  });

  test("does not break characters that span two chunks", async () => {
    const logFile = path.join(temporaryDirectory(), "log.log");
    const output = follow(logFile);
    writeFileSync(logFile, `x${"🧪".repeat(40_000)}`);
    await output.finish();
    expect(output.text()).toBe(`x${"🧪".repeat(40_000)}`);
  });

  test("hands over an incomplete character at the very end as a replacement character", async () => {
    const logFile = path.join(temporaryDirectory(), "log.log");
    const output = follow(logFile);
    writeFileSync(logFile, Buffer.from([0x61, 0xf0, 0x9f]));
    await output.finish();
    expect(output.text()).toBe("a\uFFFD");
  });

  test("starts at the end of a log that has content already", async () => {
    const logFile = path.join(temporaryDirectory(), "log.log");
    writeFileSync(logFile, "earlier\n");
    const output = follow(logFile);
    appendFileSync(logFile, "now\n");
    await output.finish();
    expect(output.text()).toBe("now\n");
  });

  test("says nothing for a log that was never written", async () => {
    const output = follow(path.join(temporaryDirectory(), "none.log"));
    await output.finish();
    expect(output.pieces).toEqual([]);
  });

  test("ends although somebody goes on writing", async () => {
    const logFile = path.join(temporaryDirectory(), "log.log");
    const chunk = "y".repeat(100_000);
    writeFileSync(logFile, "");
    const pieces: string[] = [];
    const follower = followOutput(logFile, (text) => {
      pieces.push(text);
      appendFileSync(logFile, chunk);
    });
    appendFileSync(logFile, chunk);
    await follower.finish();
    expect(pieces.join("").length).toBeGreaterThanOrEqual(chunk.length);
  });

  test("passes on an error of its consumer", async () => {
    const logFile = path.join(temporaryDirectory(), "log.log");
    const follower = followOutput(logFile, () => {
      throw new Error("consumer broke");
    });
    appendFileSync(logFile, "text");
    await expect(follower.finish()).rejects.toThrow("consumer broke");
  });
});
