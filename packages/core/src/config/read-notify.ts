import type { NotifySettings } from "./background.ts";
import { defaultBackground } from "./background.ts";
import type { ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";
import { splitCommand } from "./split-command.ts";
import type { WrittenNotify } from "./written-config.ts";

/** Reads `background.notify`. */
export function readNotify(
  { on, log, command, webhook, desktop = "auto" }: WrittenNotify,
  problem: Locate,
): { readonly notify: NotifySettings; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const at = ["background", "notify"];
  const split = typeof command === "string" ? splitCommand(command) : { words: command };
  if ("problem" in split) {
    problems.push(problem(split.problem, [...at, "command"], "quote it, or write the command as a list"));
  }
  const wrong = webhook === undefined ? undefined : webhookProblem(webhook);
  if (wrong !== undefined) problems.push(problem(wrong, [...at, "webhook"], "such as https://example.com/hooks/apex"));
  return {
    notify: {
      on: on ?? defaultBackground.notify.on,
      isLogged: log ?? defaultBackground.notify.isLogged,
      ...("words" in split && split.words ? { command: split.words } : {}),
      ...(webhook === undefined ? {} : { webhook }),
      desktop: desktop === "auto" ? "auto" : desktop ? "always" : "never",
    },
    problems,
  };
}

function webhookProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return "no address of a webhook: it must start with https:// or http://";
  if (url.username !== "" || url.password !== "") return "a webhook's address must not have a user or password in it";
  return undefined;
}
