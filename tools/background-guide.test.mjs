import { testCliGuide } from "./cli-guide.mjs";
import { apex } from "./guide.mjs";
import { runQuietly } from "./run-quietly.mjs";

testCliGuide("background.md", async (project) => {
  // The page ends with it; a command before that may have failed.
  await runQuietly(process.execPath, [apex, "bg", "stop"], { cwd: project });
});
