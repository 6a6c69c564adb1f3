import type { Command } from "@netra-apex/core";

const shell = (script: string): Command => ({ kind: "shell", script });
const stubborn = "trap '' TERM INT HUP;";
const forever = "while :; do sleep 0.2; done";

/** The shapes of process trees that are hard to end, each with at least two processes. */
export const treeShapes: Readonly<Record<string, Command>> = {
  "a shell with two children": shell("sleep 600 & sleep 600 & wait"),
  "one that ignores SIGTERM and keeps its output open": shell(`${stubborn} sleep 600 & ${forever}`),
  "one whose child ignores SIGTERM with its output closed": shell(
    `(${stubborn} ${forever}) >/dev/null 2>&1 & sleep 600`,
  ),
  "one whose child went to a session of its own": shell("setsid sh -c 'setsid sleep 600 & sleep 600' & sleep 600"),
  "one that exits and leaves a child": shell("sleep 600 & exit 0"),
};
