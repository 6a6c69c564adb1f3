import { ProcessGuard } from "../../../src/guard/process-guard.ts";

// An orchestrator that runs the commands in its argument until somebody kills it.
const { commands, logDirectory: cwd, graceMs } = JSON.parse(process.argv[2] ?? "{}");
const guard = new ProcessGuard();
guard.warmUp();
process.stdout.write("up\n");
const runs = commands.map((command, index) =>
  guard.run({ command, cwd, env: {}, logFile: `${cwd}/${index}.log`, graceMs }),
);
await Promise.all(runs.map(({ result }) => result));
