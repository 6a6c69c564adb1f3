import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, followBeside, readGuide } from "./guide.mjs";

const fence = (head, text) => `Before.\n\n\`\`\`${head}\n${text}\`\`\`\n\nAfter.\n`;
const where = process.cwd();
const print = (text, output) => ({ command: `node --print ${JSON.stringify(text)}`, output });

test("a page is read as files, commands with their outputs, and packages", () => {
  const page = [
    fence("ts file=agents/a.ts", "export {};\n"),
    fence("console", "$ npx apex\n✓ a\n\npassed\n$ node b.ts\n"),
    fence("console terminal=server", "$ node c.ts\nlistening\n^C\n"),
    fence("sh", "npm init --yes\nnpm install --save-dev zod netra-apex\n"),
  ].join("");
  assert.deepEqual(readGuide(page), [
    { kind: "file", file: "agents/a.ts", text: "export {};\n" },
    { kind: "command", command: "npx apex", output: "✓ a\n\npassed\n" },
    { kind: "command", command: "node b.ts", output: "" },
    { kind: "command", command: "node c.ts", output: "listening\n^C\n", terminal: "server" },
    { kind: "install", packages: ["zod", "netra-apex"] },
  ]);
});

test("a block that nobody checks is refused", () => {
  assert.throws(() => readGuide(fence("ts", "const a = 1;\n")), /a block that nobody checks/);
  assert.throws(() => readGuide(fence("console", "passed\n")), /begins with a command/);
});

test("an output is compared but for durations and what is left out", async () => {
  await follow(print("ran-in-12.5ms-or-3s", "ran-in-1ms-or-0.2s\n"), where);
  await follow(print("a\nb\nc", "a\n…\n"), where);
  await follow(print("a\nb\nc", "…\nb\n…\n"), where);
  await follow(print("id=7,rest", "id=…,rest\n"), where);
});

for (const [what, printed, output] of [
  ["another number", "12_tests", "13_tests\n"],
  ["a line more", "a\nb", "a\n"],
  ["a line less", "a", "a\nb\n"],
  ["what is special in a pattern", "axb", "a.b\n"],
]) {
  test(`an output with ${what} is refused`, async () => {
    await assert.rejects(follow(print(printed, output), where), { name: "AssertionError" });
  });
}

test("an exit code must be told, and be the one that is told", async () => {
  const fail = { command: "node --eval process.exit(3)", output: "" };
  await assert.rejects(follow(fail, where), /exit code of \$ node/);
  const asked = { command: `${fail.command}; echo "exit code $?"`, output: "exit code 3\n" };
  await follow(asked, where);
  await assert.rejects(follow({ ...asked, output: "exit code 4\n" }, where), { name: "AssertionError" });
});

const serve = `console.log("a");console.log("b");setInterval(()=>{},1e6)`.replaceAll(/\s/g, "");

test("what runs in a terminal of its own is awaited to its first words, and ended where the page does", async () => {
  const running = await followBeside({ command: `node --eval ${serve}`, output: "a\n…\n^C\n" }, where);
  assert.equal(running.isOver(), false);
  await running.end();
});

test("what prints something else in a terminal of its own is refused, at its start and in the end", async () => {
  const over = { command: `node --print 7`, output: "8\n^C\n" };
  await assert.rejects(followBeside(over, where), { name: "AssertionError" });
  const running = await followBeside({ command: `node --eval ${serve}`, output: "a\n…\nc\n^C\n" }, where);
  await assert.rejects(running.end(), { name: "AssertionError" });
});
