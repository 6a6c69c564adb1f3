import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { floorAlternatives, satisfiesFloor } from "./node-floor.mjs";

const range = "^22.22.3 || ^24.15.0 || >=26";

for (const version of [
  "22.22.3",
  "22.23.0",
  "24.15.0",
  "24.15.1",
  "24.16.0",
  "v24.21.0",
  "26.0.0",
  "26.10.2",
  "30.1.0",
]) {
  test(`Node ${version} is within ${range}`, () => {
    assert.equal(satisfiesFloor(version, range), true);
  });
}

for (const version of ["18.20.8", "20.20.2", "22.22.2", "22.9.9", "23.11.0", "24.0.0", "24.14.9", "25.9.0"]) {
  test(`Node ${version} is not within ${range}`, () => {
    assert.equal(satisfiesFloor(version, range), false);
  });
}

test("a version's minor number counts before its patch number", () => {
  assert.equal(satisfiesFloor("22.23.0", "^22.22.3"), true);
  assert.equal(satisfiesFloor("22.21.9", "^22.22.3"), false);
});

test("an open floor may leave out the smaller numbers", () => {
  assert.equal(satisfiesFloor("26.0.0", ">=26"), true);
  assert.equal(satisfiesFloor("26.0.9", ">=26.1"), false);
  assert.equal(satisfiesFloor("27.0.0", ">=26.1.2"), true);
});

test("a range of another form is refused instead of guessed", () => {
  for (const other of ["~22.1.0", "22.x", ">22", "^22", "22.1.0 - 24.0.0", "", "^22.1.0 ||"]) {
    assert.throws(() => satisfiesFloor("22.22.3", other), RangeError, other);
  }
  assert.throws(() => satisfiesFloor("latest", range), RangeError);
});

test("the floor of this repository's package.json is of the understood form", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.ok(floorAlternatives(manifest.engines.node).length > 0);
});
