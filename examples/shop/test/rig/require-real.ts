/**
 * Where `apex --real-services` asks for real ones, a test that has none fails: it must not pass on something else.
 * @throws Error that names the variable
 */
export function requireReal(variable: "DATABASE_URL" | "REDIS_URL", address: string | undefined): void {
  if (process.env.USE_REAL_SERVICES !== "true" || address !== undefined) return;
  throw new Error(`real services are asked for, and ${variable} names none`);
}
