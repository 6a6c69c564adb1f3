import { expect, test } from "vitest";
import { formatCents, percentOf } from "../../../src/catalog/money.ts";

test("cents are shown as euros", () => {
  const shown = [0, 5, 1250, 123_456_789].map(formatCents);
  expect(shown).toEqual(["€0.00", "€0.05", "€12.50", "€1,234,567.89"]);
});

test("a share of an amount is rounded down to whole cents", () => {
  expect(percentOf(1000, 10)).toBe(100);
  expect(percentOf(999, 10)).toBe(99);
  expect(percentOf(1, 50)).toBe(0);
});
