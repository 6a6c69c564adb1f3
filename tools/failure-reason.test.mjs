import assert from "node:assert/strict";
import { test } from "node:test";
import { failureReason, isNotPublished } from "./failure-reason.mjs";

const known = [
  ["npm error code ECONNREFUSED\nnpm error errno ECONNREFUSED", "the npm registry is out of reach (ECONNREFUSED)"],
  ["npm error code ENOTFOUND", "the npm registry's name was not found: offline? (ENOTFOUND)"],
  ["error sending request: tcp connect error: Connection refused (os error 111)", "the npm registry is out of reach"],
  ["dns error: failed to lookup address information", "the npm registry's name was not found: offline?"],
  ["npm error code E401", "the npm registry refused access (E401)"],
  ["npm error code ENOSPC", "the disk is full"],
  ["Error: ERR_PNPM_OUTDATED_LOCKFILE", "pnpm-lock.yaml does not fit the package.json files: run pnpm install"],
];

for (const [output, reason] of known) {
  test(`"${output.split("\n")[0]}" is told as: ${reason}`, () => {
    assert.equal(failureReason(output), reason);
  });
}

test("output that says nothing known is left to speak for itself", () => {
  assert.equal(failureReason("something else"), "see the output above");
});

test("only a package that the registry does not have lets another one be tried", () => {
  assert.equal(isNotPublished("npm error code ETARGET"), true);
  assert.equal(isNotPublished("npm error code E404"), true);
  assert.equal(isNotPublished("npm error code ECONNREFUSED"), false);
});
