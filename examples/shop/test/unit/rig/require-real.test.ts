import { afterEach, expect, test, vi } from "vitest";
import { requireReal } from "../../rig/require-real.ts";

afterEach(() => vi.unstubAllEnvs());

test("who asks for real services and has none fails, and is told which is missing", () => {
  vi.stubEnv("USE_REAL_SERVICES", "true");
  expect(() => requireReal("REDIS_URL", undefined)).toThrow("real services are asked for, and REDIS_URL names none");
  expect(() => requireReal("REDIS_URL", "redis://localhost")).not.toThrow();
});

test("who does not ask for them needs none", () => {
  vi.stubEnv("USE_REAL_SERVICES", "");
  expect(() => requireReal("DATABASE_URL", undefined)).not.toThrow();
});
