import assert from "node:assert/strict";
import { test } from "node:test";
import { isSkipJustified } from "./skip-rule.mjs";

test("a test for another platform may be skipped", () => {
  assert.equal(isSkipJustified("ends a job object (skipped: only on win32)", "linux"), true);
  assert.equal(isSkipJustified("skipped: only on darwin, win32: asks the keychain", "linux"), true);
  assert.equal(isSkipJustified("skipped: not on linux, freebsd", "linux"), true);
});

test("a test for this platform may not be skipped", () => {
  assert.equal(isSkipJustified("ends a job object (skipped: only on win32)", "win32"), false);
  assert.equal(isSkipJustified("skipped: only on darwin, linux", "linux"), false);
  assert.equal(isSkipJustified("skipped: not on win32", "linux"), false);
});

test("what else a test lacks is no reason", () => {
  for (const title of [
    "works with PostgreSQL",
    "skipped: no Docker here",
    "skipped",
    "skipped: only on",
    "only on win32",
  ]) {
    assert.equal(isSkipJustified(title, "linux"), false, title);
  }
});
