import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { finished } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { readJUnit } from "../../src/adapters/junit.ts";
import { readTap } from "../../src/adapters/tap-file.ts";
import { XmlClipper } from "../../src/adapters/xml-clipper.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const corpus = path.join(import.meta.dirname, "..", "corpus");

function write(content: string | Buffer, name = "report.xml"): string {
  const file = path.join(temporaryDirectory(), name);
  writeFileSync(file, content);
  return file;
}

describe("encodings of a JUnit report", () => {
  const xml = (encoding: string) =>
    `<?xml version="1.0" encoding="${encoding}"?>\n<testsuite name="Größe"><testcase name="kostet 5 €"><failure message="füüf"/></testcase></testsuite>`;
  const swapped = (text: string) => Buffer.from(text, "utf16le").swap16();

  test.each([
    ["UTF-8", Buffer.from(xml("UTF-8"))],
    ["UTF-8 with a mark", Buffer.from(`\uFEFF${xml("UTF-8")}`)],
    ["UTF-16 LE with a mark", Buffer.from(`\uFEFF${xml("UTF-16")}`, "utf16le")],
    ["UTF-16 BE with a mark", swapped(`\uFEFF${xml("UTF-16")}`)],
    ["UTF-16 LE without a mark", Buffer.from(xml("UTF-16"), "utf16le")],
    ["UTF-16 BE without a mark", swapped(xml("UTF-16"))],
    ["UTF-8 that says UTF-16", Buffer.from(xml("UTF-16"))],
    ["UTF-8 that says an encoding that is none", Buffer.from(xml("klingon"))],
  ])("may be %s", async (_, bytes) => {
    expect(await readJUnit(write(bytes))).toMatchObject({
      completeness: "complete",
      cases: [{ name: "kostet 5 €", suites: ["Größe"], message: "füüf" }],
    });
  });

  test("may be Latin-1 and Windows-1252, as declared", async () => {
    const latin = Buffer.from(xml("ISO-8859-1").replace("€", "\u0080"), "latin1");
    expect((await readJUnit(write(latin))).cases).toMatchObject([{ name: "kostet 5 €", suites: ["Größe"] }]);
  });

  test("may be broken: bytes that mean nothing become a sign of it", async () => {
    const bytes = Buffer.concat([
      Buffer.from('<testsuite><testcase name="a'),
      Buffer.from([0xff, 0xc3, 0x28, 0]),
      Buffer.from('b"/></testsuite>'),
    ]);
    expect(await readJUnit(write(bytes))).toMatchObject({
      completeness: "complete",
      cases: [{ name: "a\uFFFD\uFFFD(\u0000b" }],
    });
  });

  test("may change in the middle of a character, where two pieces of the file meet", async () => {
    const before = `<testsuite><testcase name="`;
    const name = "€".repeat(50_000);
    const { cases } = await readJUnit(write(`${before}${name}"/></testsuite>`));
    expect(cases[0]?.name).toBe(name);
  });
});

describe("a report that is cut", () => {
  const small = globSync("**/*.xml", { cwd: corpus }).filter(
    (file) => readFileSync(path.join(corpus, file)).length < 3_000,
  );

  test.each(small)("%s is whole at its end only, and never throws", async (file) => {
    const bytes = readFileSync(path.join(corpus, file));
    const { cases } = await readJUnit(path.join(corpus, file));
    const rootEnd = bytes.toString("latin1").trimEnd().length;
    const target = write("");
    for (let length = 0; length < rootEnd; length += 1) {
      writeFileSync(target, bytes.subarray(0, length));
      const cut = await readJUnit(target);
      expect(cut.completeness).toBe("truncated");
      expect(cut.problem).toMatch(/./);
      expect(cut.cases).toEqual(cases.slice(0, cut.cases.length));
    }
  });

  test.each(["tap14-all.tap", "node-24.tap", "bats.tap", "perl-test-more.tap", "mocha.tap"])(
    "%s is whole with all its tests only, and never throws",
    async (file) => {
      const bytes = readFileSync(path.join(corpus, "tap", file));
      const whole = await readTap(path.join(corpus, "tap", file), "/project");
      const outcomes = ({ tests }: typeof whole) => tests.map(({ id, status }) => `${status} ${id}`);
      expect(whole.completeness).toBe("complete");
      const target = write("");
      for (let length = 0; length < bytes.length; length += 1) {
        writeFileSync(target, bytes.subarray(0, length));
        const cut = await readTap(target, "/project");
        expect(outcomes(cut.completeness === "complete" ? cut : whole)).toEqual(outcomes(whole));
      }
    },
  );

  test("breaks off in the middle of an attribute, a comment, a section or a declaration alike", async () => {
    for (const end of ['<testcase name="a', "<!-- ", "<![CDATA[ ", "<?pi ", "<testcase", "<", "</testsuite", "&am"]) {
      const cut = await readJUnit(write(`<testsuite><testcase name="1"/>${end}`));
      expect(cut).toMatchObject({ completeness: "truncated", cases: [{ name: "1" }] });
    }
  });
});

describe("a hostile report", () => {
  test("cannot make the reader fetch or expand anything", async () => {
    const quadratic = `<!ENTITY a "${"a".repeat(50_000)}">`;
    const doctype = `<!DOCTYPE t [${quadratic}<!ENTITY % remote SYSTEM "http://127.0.0.1:9/x.dtd">%remote;<!ENTITY b PUBLIC "x" "file:///dev/random">]>`;
    const { cases } = await readJUnit(
      write(
        `${doctype}<testsuite><testcase name="${"&a;".repeat(1_000)}"><failure>&b;</failure></testcase></testsuite>`,
      ),
    );
    expect(cases[0]?.name.length).toBe(3_000);
    expect(cases[0]?.message).toBe("&b;");
  });

  test("may hold the same test a hundred thousand times", async () => {
    const { cases } = await readJUnit(write(`<testsuite>${'<testcase name="same"/>'.repeat(100_000)}</testsuite>`));
    expect(cases).toHaveLength(100_000);
  });

  test("that is TAP nests without end, and is not followed", async () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, depth) => `${" ".repeat(4 * Math.min(depth, 500))}ok ${depth} - deep`,
    );
    const { tests } = await readTap(write(`1..1\n${lines.join("\n")}\n`, "deep.tap"), "/project");
    expect(tests.length).toBeLessThan(100);
  });
});

/** How much more memory a fresh process takes at most while it reads a report, in bytes; and what it finds. */
function readInFreshProcess(file: string): { growth: number; cases: number; completeness: string } {
  const script = `
    import { readJUnit } from ${JSON.stringify(path.join(import.meta.dirname, "../../src/adapters/junit.ts"))};
    await readJUnit(${JSON.stringify(write('<testsuite><testcase name="warm"/></testsuite>'))});
    const before = process.memoryUsage.rss();
    const { cases, completeness } = await readJUnit(${JSON.stringify(file)});
    const growth = process.resourceUsage().maxRSS * 1024 - before;
    console.log(JSON.stringify({ growth, cases: cases.length, completeness }));`;
  const options = ["--conditions=@netra-apex/source", "--input-type=module", "--eval", script];
  return JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8" }));
}

async function writeLarge(parts: Iterable<string>): Promise<string> {
  const file = path.join(temporaryDirectory(), "large.xml");
  const stream = createWriteStream(file);
  for (const part of parts) if (!stream.write(part)) await once(stream, "drain");
  stream.end();
  await finished(stream);
  return file;
}

describe("a report of 100 MB", { timeout: 120_000 }, () => {
  const megabyte = `${"what a test printed, line after line. ".repeat(27)}\n`.repeat(1_000);

  test.each([
    ["one section", ["<system-out><![CDATA[", "]]></system-out>"]],
    ["one text", ["<system-err>", "</system-err>"]],
    ["one failure", ["<failure>", "</failure>"]],
    ["one attribute", ['<failure message="', '"/>']],
    ["one comment", ["<!--", "-->"]],
  ])("that is almost only %s takes less than 100 MB", async (_, [open = "", close = ""]) => {
    const file = await writeLarge(
      (function* () {
        yield `<testsuite><testcase name="a">${open}`;
        for (let count = 0; count < 100; count += 1) yield megabyte;
        yield `${close}</testcase></testsuite>`;
      })(),
    );
    const { growth, ...found } = readInFreshProcess(file);
    expect(found).toEqual({ cases: 1, completeness: "complete" });
    expect(growth).toBeLessThan(100 * 2 ** 20);
  });

  test("with 20,000 tests that print takes less than 100 MB", async () => {
    const printed = megabyte.slice(0, 5_000);
    const file = await writeLarge(
      (function* () {
        yield "<testsuite>";
        for (let count = 0; count < 20_000; count += 1)
          yield `<testcase name="a test with a number, which is ${count}" classname="shop.cart.CartTest"><system-out>${printed}</system-out></testcase>\n`;
        yield "</testsuite>";
      })(),
    );
    const { growth, ...found } = readInFreshProcess(file);
    expect(found).toEqual({ cases: 20_000, completeness: "complete" });
    expect(growth).toBeLessThan(100 * 2 ** 20);
  });
});

test("pieces of any size are clipped alike, and short texts not at all", () => {
  const xml = readFileSync(path.join(corpus, "surefire/TEST-shop.CartTest.xml"), "utf8");
  for (const size of [1, 2, 3, 7, 64, 1_000]) {
    const clipper = new XmlClipper();
    const pieces = xml.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
    expect(pieces.map((piece) => clipper.clip(piece)).join("") + clipper.end()).toBe(xml);
  }
});
