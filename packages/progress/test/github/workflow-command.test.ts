import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCommand } from "../../src/github/workflow-command.ts";
import { readCommands } from "./read-commands.ts";

/** Texts that look like commands, escapes, ends of lines and more. */
const hostile = fc.array(
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.constantFrom(
      "::",
      "%",
      "%0A",
      "%25",
      "%250A",
      "\n",
      "\r\n",
      "\r",
      ",",
      ":",
      "=",
      "::error::",
      "😀",
      "\u2028",
      " ",
      "##[error]",
    ),
  ),
  { maxLength: 12 },
);
const text = hostile.map((parts) => parts.join(""));

describe("a workflow command", () => {
  it.each([
    [{ name: "endgroup" }, "::endgroup::"],
    [{ name: "notice", message: "100 % done\nnow" }, "::notice::100 %25 done%0Anow"],
    [
      {
        name: "error",
        properties: { file: "src/a,b.ts", line: 3, title: "Cart: 50%" },
        message: "a: b, c\r\n::error::x",
      },
      "::error file=src/a%2Cb.ts,line=3,title=Cart%3A 50%25::a: b, c%0D%0A::error::x",
    ],
    [{ name: "warning", properties: { file: undefined, title: "" }, message: "no place" }, "::warning::no place"],
  ] as const)("is the bytes that GitHub documents: %j", (command, line) => {
    expect(formatCommand(command)).toBe(line);
  });

  it("reaches the runner as one command with what was put in, whatever that is", () => {
    fc.assert(
      fc.property(text, text, text, (file, title, message) => {
        // The runner trims what stands before the second `::`, and drops what is empty.
        fc.pre([file, title].every((value) => value.trim() === value && value !== ""));
        const printed = `${formatCommand({ name: "error", properties: { file, line: 7, title }, message })}\n`;
        expect(readCommands(printed)).toEqual([{ name: "error", properties: { file, line: "7", title }, message }]);
      }),
      { numRuns: 2_000 },
    );
  });
});
