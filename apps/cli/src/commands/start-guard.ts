import { ProcessGuard } from "@netra-apex/runner";

/** Starts the guard of the processes of a run. It goes by itself when this process does. */
export function startGuard(): ProcessGuard {
  const guard = new ProcessGuard();
  guard.warmUp();
  return guard;
}
