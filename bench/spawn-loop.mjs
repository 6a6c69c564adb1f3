// The floors of no-op-categories.mjs: starts `true` so many times, two in flight, and nothing else.
import { spawn } from "node:child_process";

const [, , kind, many] = process.argv;
const execa = kind === "execa" ? (await import("execa")).execa : undefined;
const startOne = execa
  ? () => execa("true")
  : () => new Promise((resolve) => spawn("true", { stdio: "ignore" }).once("exit", resolve));

let left = Number(many);
async function lane() {
  while (left > 0) {
    left -= 1;
    await startOne();
  }
}
await Promise.all([lane(), lane()]);
