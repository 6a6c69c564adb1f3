import process from "node:process";
import type { OutputEnv } from "./output-stream.ts";

/** A CI service whose log can fold lines away. */
export type CiService = "github" | "gitlab" | "azure";

/** The CI service that this environment is of, as far as its log folds lines. */
export function ciServiceOf(env: OutputEnv): CiService | undefined {
  if (env["GITHUB_ACTIONS"] === "true") return "github";
  if (env["GITLAB_CI"]) return "gitlab";
  return env["TF_BUILD"] ? "azure" : undefined;
}

/** Shorter ones are read as they are. */
const foldedFrom = 20;

/** What a block of lines depends on beside its lines. */
export interface BlockPlace {
  readonly title: string;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/**
 * A block of lines for the log of a CI service: its first line stays, a long rest is folded away under `title`, and what tests wrote is
 * not taken for a command to the service.
 */
export function ciBlock(service: CiService, lines: readonly string[], { title, nowMs }: BlockPlace): string[] {
  const [head = "", ...rest] = lines;
  const guarded = service === "github" ? withoutCommands(rest) : rest;
  if (rest.length < foldedFrom) return [head, ...guarded];
  switch (service) {
    case "github":
      return [head, `::group::${title}`, ...guarded, "::endgroup::"];
    case "azure":
      return [head, `##[group]${title}`, ...guarded, "##[endgroup]"];
    case "gitlab": {
      // The log needs these erasing codes to know a section by; they are the only ones that this reporter ever writes.
      const section = (edge: "start" | "end", options = ""): string =>
        `\u001b[0Ksection_${edge}:${Math.floor(nowMs / 1000)}:${sectionName(title)}${options}\r\u001b[0K`;
      return [head, `${section("start", "[collapsed=true]")}${title}`, ...guarded, section("end")];
    }
    default:
      return service satisfies never;
  }
}

/** A line that holds no command to the service wherever in the line it looks for one. Lines must begin with a word of ours. */
export function ciLine(service: CiService, line: string): string {
  // A space of no width between the signs: they read the same.
  return service === "gitlab" ? line : line.replaceAll(/#(?=#\[|#vso\[)/g, "#\u200b");
}

/** GitHub obeys lines that begin with `::`, indented or not, until it is told to stop; only who knows the token starts it again. */
function withoutCommands(lines: readonly string[]): readonly string[] {
  if (!lines.some((line) => /^\s*::/.test(line))) return lines;
  // Loaded only here, where it is needed: it takes a tenth of the time in which Node itself starts.
  const token = process.getBuiltinModule("node:crypto").randomUUID();
  return [`::stop-commands::${token}`, ...lines, `::${token}::`];
}

function sectionName(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
}
