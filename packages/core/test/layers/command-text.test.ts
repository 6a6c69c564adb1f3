import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commandText } from "../../src/layers/command-text.ts";

describe("a command as text", () => {
  it("can be pasted into a shell", () => {
    const args = ["plain", "two words", "it's", "$HOME", "", "a;b", "*", "--x=1,2", "=ls", "ünï"];
    const script = "console.log(JSON.stringify(process.argv.slice(1)))";
    const text = commandText({ kind: "argv", file: process.execPath, args: ["-e", script, "--", ...args] });
    expect(JSON.parse(spawnSync("sh", ["-c", text], { encoding: "utf8" }).stdout)).toEqual(args);
  });

  it("is quoted only where it needs it", () => {
    const args = ["run", "-t", "a b", "src/a.test.ts"];
    expect(commandText({ kind: "argv", file: "vitest", args })).toBe("vitest run -t 'a b' src/a.test.ts");
    expect(commandText({ kind: "shell", script: "a && b" })).toBe("a && b");
  });
});
