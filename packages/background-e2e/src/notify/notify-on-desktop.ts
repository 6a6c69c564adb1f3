import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { NotifySettings } from "@netra-apex/core";
import type { Notice } from "./notify-finished.ts";

/** The program that shows messages, by platform. */
const programs: Readonly<Partial<Record<NodeJS.Platform, string>>> = { linux: "notify-send", darwin: "osascript" };

/** Takes its texts as arguments, so that nothing in them can be a part of the script. */
const script = ["on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run"];

/**
 * Shows a message on the desktop. With `auto`, nothing happens where there is none; with `always` that rejects. So does a program that
 * fails, or does not end in time.
 */
export async function notifyOnDesktop(
  desktop: NotifySettings["desktop"],
  { task, text, env, deadlineMs, signal }: Notice,
): Promise<void> {
  const name = programs[process.platform];
  const program = name === undefined ? undefined : findProgram(name, env);
  if (desktop === "auto" && (program === undefined || !hasDesktop(env))) return;
  if (program === undefined) throw new Error(`there is no ${name ?? "way to show one on this system"} on the PATH`);
  const title = `apex: ${task.spec.category} ${task.state}`;
  const args =
    name === "osascript"
      ? [...script.flatMap((line) => ["-e", line]), title, text]
      : ["--app-name=apex", "--", title, escapeMarkup(text)];
  await promisify(execFile)(program, args, {
    env,
    timeout: deadlineMs,
    killSignal: "SIGKILL",
    ...(signal ? { signal } : {}),
  }).catch((error: unknown) => {
    const isLate = error instanceof Error && "killed" in error && error.killed === true;
    throw isLate ? new Error(`${name} did not end within ${deadlineMs / 1_000} s`, { cause: error }) : error;
  });
}

/** A worker outlives the session that started it, but not its variables: these say that there was a desktop. */
function hasDesktop(env: NodeJS.ProcessEnv): boolean {
  if (env["CI"] || env["SSH_CONNECTION"]) return false;
  return process.platform !== "linux" || Boolean(env["DISPLAY"] || env["WAYLAND_DISPLAY"]);
}

function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const directories = (env["PATH"] ?? "").split(path.delimiter).filter((directory) => path.isAbsolute(directory));
  return directories
    .map((directory) => path.join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Servers of notifications may take the text for a simple HTML. */
function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
