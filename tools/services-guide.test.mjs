import { testCliGuide } from "./cli-guide.mjs";
import { apex, write } from "./guide.mjs";
import { runQuietly } from "./run-quietly.mjs";

testCliGuide("services.md", async (project, steps) => {
  // The page ends without any; a command before that may have failed.
  write(
    steps.findLast(({ kind, text }) => kind === "file" && text.includes("command: node backend.mjs")),
    project,
  );
  await runQuietly(process.execPath, [apex, "services", "down"], { cwd: project });
});
