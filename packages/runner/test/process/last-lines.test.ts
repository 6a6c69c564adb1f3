import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { lastLines } from "../../src/process/last-lines.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

function fileWith(text: string | Buffer): string {
  const file = path.join(temporaryDirectory(), "log.log");
  writeFileSync(file, text);
  return file;
}

test("returns the last lines without the final newline", async () => {
  expect(await lastLines(fileWith("1\n2\n3\n4\n"), 2, 1000)).toBe("3\n4");
});

test("returns everything of a short file", async () => {
  expect(await lastLines(fileWith("1\n2"), 20, 1000)).toBe("1\n2");
});

test("reads at most the given bytes from the end, at a character's border", async () => {
  expect(await lastLines(fileWith(`${"a".repeat(10_000)}üüü`), 5, 5)).toBe("üü");
});

test("is empty for an empty file and for none", async () => {
  expect(await lastLines(fileWith(""), 5, 100)).toBe("");
  expect(await lastLines("/no/such/file", 5, 100)).toBe("");
});

test("finds the tail of a big file without reading the rest", async () => {
  expect(
    await lastLines(fileWith(Buffer.concat([Buffer.alloc(20_000_000, "x\n"), Buffer.from("end\n")])), 1, 16_384),
  ).toBe("end");
});
