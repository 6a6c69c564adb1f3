"use strict";

const fs = require("node:fs");
const util = require("node:util");

/** Longer texts are cut here, so that one assertion on a huge value does not make a huge line. */
const longestText = 64 * 1024;

/**
 * Opens the report that the variable APEX_REPORT_FILE names and writes its first line.
 *
 * Every line is on its way to the disk when the call returns: whatever ends the process afterwards, the tests that had ended
 * are told. A report that cannot be written is given up and so stays without its end; the tests go on.
 */
function openReport(framework, version) {
  let descriptor;
  const write = (line) => {
    if (descriptor === undefined) return;
    try {
      fs.writeSync(descriptor, `${JSON.stringify(line)}\n`);
    } catch (error) {
      descriptor = undefined;
      process.stderr.write(`apex: the report of the tests cannot be written: ${error.message}\n`);
    }
  };
  const file = process.env.APEX_REPORT_FILE;
  try {
    if (file) descriptor = fs.openSync(file, "a");
    else process.stderr.write("apex: its reporter was loaded without APEX_REPORT_FILE and reports nothing\n");
  } catch (error) {
    process.stderr.write(`apex: the report of the tests cannot be opened: ${error.message}\n`);
  }
  write({ type: "begin", framework, version });
  return {
    /** See `src/adapters/streamed-report.ts` for what a test is told by. */
    test(test) {
      const { message, details, durationMs, ...rest } = test;
      const duration = typeof durationMs === "number" && durationMs >= 0 ? durationMs : 0;
      write({ type: "test", ...rest, durationMs: duration, message: cut(message), details: cut(details) });
    },
    error(message) {
      write({ type: "error", message: cut(message) || "unknown error" });
    },
    /** Only for a run that came to its end by itself. */
    end() {
      write({ type: "end" });
    },
  };
}

/** `message` and `details` of whatever was thrown, or of what a framework has made of it. */
function failureTexts(thrown) {
  if (thrown === null || typeof thrown !== "object") return { message: String(thrown) };
  const { name, message, stack } = thrown;
  if (typeof message !== "string") return { message: util.inspect(thrown) };
  const details = typeof stack === "string" && stack !== "" ? stack : undefined;
  const says = message === "" ? messageOfStack(details || String(name)) : message;
  return { message: isPlainName(name) || message === "" ? says : `${name}: ${says}`, details };
}

/** "TypeError" is worth saying, "Error" and "AssertionError" are not. */
function isPlainName(name) {
  return typeof name !== "string" || name === "" || name === "Error" || name.startsWith("AssertionError");
}

/** The message of an error of which only the stack is known. */
function messageOfStack(stack) {
  const frames = stack.search(/\n\s+at /);
  const head = frames === -1 ? stack : stack.slice(0, frames);
  return head.replace(/^\s*(?:Error|AssertionError(?: \[\w+\])?): /, "");
}

/** The line of `file` that a stack names first. */
function lineIn(stack, file) {
  if (typeof stack !== "string" || !file) return undefined;
  for (let at = stack.indexOf(file); at !== -1; at = stack.indexOf(file, at + 1)) {
    const found = /^:(\d+)/.exec(stack.slice(at + file.length, at + file.length + 12));
    if (found) return Number(found[1]);
  }
  return undefined;
}

function cut(text) {
  if (typeof text !== "string") return undefined;
  return text.length <= longestText ? text : text.slice(0, longestText);
}

module.exports = { openReport, failureTexts, messageOfStack, lineIn };
