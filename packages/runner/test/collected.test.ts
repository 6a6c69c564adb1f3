import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runAgent } from "./agent-rig.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const python = "/usr/bin/python3";

function hasPytest(): boolean {
  try {
    execFileSync(python, ["-c", "import pytest"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!hasPytest())(
  "tests that were collected and silently never ran make a green result inconclusive",
  async () => {
    const cwd = temporaryDirectory();
    writeFileSync(
      path.join(cwd, "test_shop.py"),
      "def test_one(): pass\ndef test_two(): pass\ndef test_three(): pass\n",
    );
    // A hook that claims to have run a test: pytest believes it, says "1 passed" and ends with 0.
    writeFileSync(
      path.join(cwd, "conftest.py"),
      "def pytest_runtest_protocol(item):\n    return None if item.name == 'test_one' else True\n",
    );
    const command = { kind: "argv", file: python, args: ["-m", "pytest", "-p", "no:cacheprovider"] } as const;
    const authenticity = { isStrict: false, forbidOutput: [] };
    const { outcome, counts, evidence } = await runAgent({ task: { command, cwd, authenticity } }).report;
    expect(counts).toMatchObject({ total: 1, passed: 1 });
    expect(outcome).toEqual({
      status: "inconclusive",
      reason: "green, but not proved: 3 tests were collected and 1 reported",
    });
    expect(evidence).toMatchObject({
      exitCode: 0,
      suspicions: [{ signal: "collected-not-reported", isDecisive: true }],
    });
  },
);
