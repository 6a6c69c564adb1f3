import { ProcessGuard } from "@netra-apex/runner";

/** Starts the guard of the processes of a run. It goes by itself when this process does. */
export function startGuard(): ProcessGuard {
  const guard = new ProcessGuard({
    onAbandoned: (found) => {
      const commands = found.map(({ command }) => command).join(", ");
      process.stderr.write(`warning  ended what a killed run had left behind (${found.length}): ${commands}\n`);
    },
  });
  guard.warmUp();
  return guard;
}
