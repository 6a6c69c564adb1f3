import path from "node:path";
import { describe, expect, test } from "vitest";
import { goTestAdapter } from "../../src/adapters/go-test.ts";
import { argv, prepare, select } from "./prepare.ts";

/** What is run, without our program around it. */
function prepared(written: string, options: Parameters<typeof prepare>[2] = {}): string {
  const line = prepare(goTestAdapter, written, options);
  const before = `${process.execPath} <go-test/run-go-test.mjs> REPORT `;
  expect(line.startsWith(before)).toBe(true);
  return line.slice(before.length);
}

describe("go test is recognised", () => {
  test.each([
    ["go test ./...", "run go test -json ./..."],
    ["/usr/lib/go/bin/go test -v -race ./... -args -x", "run /usr/lib/go/bin/go test -json -v -race ./... -args -x"],
    ["env CGO_ENABLED=0 go test", "run env CGO_ENABLED=0 go test -json"],
    ["go test -json ./...", "raw go test -json -json ./..."],
  ])("in `%s`", (written, run) => {
    expect(goTestAdapter.matches(argv(written))).toBe(true);
    expect(prepared(written)).toBe(run);
  });

  test.each(["go build", "go vet test", "gotestsum", "make test", "go run ./cmd test"])(
    "but not in `%s`",
    (written) => {
      expect(goTestAdapter.matches(argv(written))).toBe(false);
    },
  );
});

describe("selected tests of go test", () => {
  const run = (...selectors: ReturnType<typeof select>[]) =>
    prepared("go test ./...", { selectors }).replace("run go test -json ", "");

  test("replace packages and patterns of the command, and nothing else", () => {
    expect(
      prepared("go test -v -run X -test.skip=Y -timeout 30s ./... -tags slow -args ./data", {
        selectors: [select("shop/cart_test.go", "TestAdd")],
      }),
    ).toBe("run go test -json -v -timeout 30s -tags slow -run=^TestAdd$ ./shop -args ./data");
  });

  test("are matched level by level, exactly", () => {
    expect(run(select("a/a_test.go", "TestX", "one_(1+1)", "a.b"))).toBe(
      String.raw`-run=^TestX$/^one_\(1\+1\)$/^a\.b$ ./a`,
    );
    expect(run(select("a/a_test.go", "TestX", "one"), select("b/b_test.go", "TestY", "two"))).toBe(
      "-run=^(?:TestX|TestY)$/^(?:one|two)$ ./a ./b",
    );
  });

  test("that hold other selected ones do not run whole", () => {
    expect(run(select("a/a_test.go", "TestX"), select("a/a_test.go", "TestX", "one"))).toBe("-run=^TestX$/^one$ ./a");
  });

  test("run whole where others have fewer levels", () => {
    expect(run(select("a/a_test.go", "TestX", "one"), select("a/a_test.go", "TestY"))).toBe(
      "-run=^(?:TestX|TestY)$ ./a",
    );
  });

  test("may be in the working directory or above it, or anywhere", () => {
    expect(run(select("a_test.go", "TestX"))).toBe("-run=^TestX$ ./");
    expect(run(select("../b/b_test.go", "TestX"))).toBe("-run=^TestX$ ../b");
    expect(run(select("", "TestX"))).toBe("./... -run=^TestX$");
  });

  test("may be packages, and files without tests", () => {
    const cwd = path.join(import.meta.dirname, "..", "fixtures", "go-test");
    const selected = (file: string, ...titles: string[]) =>
      prepared("go test ./...", { cwd, selectors: [select(file, ...titles)] });
    expect(selected("broken", "broken")).toBe("run go test -json ./broken");
    expect(selected("", "example.com/shop")).toBe("run go test -json example.com/shop");
    expect(selected("passing/passing_test.go")).toBe("run go test -json -run=^(?:TestOne|TestTwo)$ ./passing");
    expect(selected("empty/empty_test.go")).toBe("run go test -json -run=^$ ./empty");
  });
});

test("coverage of go test is switched on and off", () => {
  expect(prepared("go test ./...", { coverage: true })).toBe("run go test -json -cover=true ./...");
  expect(prepared("go test -covermode atomic -coverprofile=c.out ./...", { coverage: false })).toBe(
    "run go test -json -cover=false ./...",
  );
});

test("go test refuses shards and shell scripts", () => {
  expect(() => prepare(goTestAdapter, "go test", { shard: { index: 1, total: 2 } })).toThrow(
    expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT" }),
  );
  expect(() => prepare(goTestAdapter, { kind: "shell", script: "go test ./..." })).toThrow(
    expect.objectContaining({ code: "APEX_FRAMEWORK_UNREACHABLE" }),
  );
});
