import path from "node:path";
import {
  exportedResult,
  type ExportedAttempt,
  findTask,
  isFinal,
  type QueuePlace,
  readFact,
  type TaskSpec,
  taskStatus,
  type TaskView,
} from "@netra-apex/background-e2e";
import { exitCodes, formatDuration, formatSize } from "@netra-apex/core";
import { plain, say, table, timeText } from "../table.ts";
import type { BackgroundOptions } from "./background-options.ts";
import { nothingHere } from "./nothing-here.ts";
import { keepGoing, withBackground } from "./open-background.ts";
import { codeText, durationText, testsText, verdictText } from "./results.ts";

/** `apex bg show`: all about one task: its settings, its attempts, what it waits for or how it ended. */
export async function showCommand(reference: string, options: BackgroundOptions): Promise<number> {
  const code = await withBackground(options, async (background) => {
    const { queue, place } = background;
    const task = await findTask(queue, reference);
    const because = isFinal(task) ? undefined : await keepGoing(background);
    const { resultsDirectory } = readFact(queue.database, "settings") ?? {};
    const file = resultsDirectory === undefined ? undefined : path.join(resultsDirectory, `${task.id}.json`);
    say(options.json, toJson(task, place, because), () => showText(task, place, { because, file }));
    return exitCodes.passed;
  });
  return code ?? nothingHere(reference);
}

function toJson(task: TaskView, place: QueuePlace, because: string | undefined): object {
  const result = exportedResult(task, place);
  return {
    ...taskStatus(task, place, { because }),
    settings: settingsOf(task.spec),
    attempts: result.attempts,
    result: isFinal(task) ? result : null,
  };
}

/** What the task was queued with, in the words of `E2ETestConfig`. */
function settingsOf(spec: TaskSpec): object {
  return {
    timeout_minutes: spec.timeoutMs === undefined ? null : spec.timeoutMs / 60_000,
    max_retries: spec.maxRetries,
    cpu_limit_percent: spec.cpuLimitPercent ?? null,
    memory_limit_gb: spec.memoryLimitBytes === undefined ? null : spec.memoryLimitBytes / 1024 ** 3,
    services_required: spec.servicesRequired ?? null,
    profile: spec.profile ?? null,
    additional_args: spec.additionalArgs,
    env_vars: spec.envVars,
    use_real_services: spec.useRealServices,
    use_real_llm: spec.useRealLlm,
    snapshot: spec.snapshot?.tree ?? null,
    config: spec.config ?? null,
  };
}

function showText(
  task: TaskView,
  place: QueuePlace,
  { because, file }: { readonly because: string | undefined; readonly file: string | undefined },
): string {
  const { id, spec, by } = task;
  const status = taskStatus(task, place, { because });
  const result = exportedResult(task, place);
  const actor = by.name === undefined ? `a ${by.kind}` : `the ${by.kind} ${by.name}`;
  const code = codeText(result);
  const rows = [
    ["category", `${spec.category}, environment ${spec.environment}`],
    ["queued", `${timeText(task.createdMs)} by ${actor}, priority ${status.priority}`],
    ...settingRows(spec),
    ...(code === "" ? [] : [["code", code]]),
    ...(isFinal(task) && file !== undefined ? [["result", path.relative(process.cwd(), file)]] : []),
    ...(status.run_id === null ? [] : [["run", `${status.run_id} (apex replay ${status.run_id})`]]),
  ];
  return [
    `${id}  ${stateText(task, status.waiting_for, status.position)}`,
    "",
    table(rows.map(([name = "", value = ""]) => [`  ${name}`, value])),
    ...(result.attempts.length === 0 ? [] : ["", "attempts", table(result.attempts.map(attemptRow))]),
  ].join("\n");

  function stateText(of: TaskView, waitingFor: string | null, position: number | null): string {
    if (isFinal(of)) {
      return `${verdictText(result)}${result.error_message === null ? "" : `: ${plain(result.error_message)}`}`;
    }
    const inLine = position === null ? "" : `, ${position}. in line`;
    const why = waitingFor === null ? "" : `, waits for ${plain(waitingFor)}`;
    return `${of.cancelRequest ? "ending" : of.state}${inLine}${why}`;
  }
}

function settingRows(spec: TaskSpec): string[][] {
  const limits = [
    ...(spec.cpuLimitPercent === undefined ? [] : [`${spec.cpuLimitPercent} % CPU`]),
    ...(spec.memoryLimitBytes === undefined ? [] : [formatSize(spec.memoryLimitBytes)]),
  ];
  const real = [...(spec.useRealServices ? ["services"] : []), ...(spec.useRealLlm ? ["language model"] : [])];
  const variables = Object.entries(spec.envVars).map(([name, value]) => `${name}=${value}`);
  return [
    ...(spec.timeoutMs === undefined ? [] : [["timeout", `${formatDuration(spec.timeoutMs)} for each attempt`]]),
    ...(spec.maxRetries === 0 ? [] : [["retries", String(spec.maxRetries)]]),
    ...(limits.length === 0 ? [] : [["limits", limits.join(", ")]]),
    ...(spec.servicesRequired ? [["services", spec.servicesRequired.join(", ") || "none"]] : []),
    ...(spec.additionalArgs.length === 0 ? [] : [["arguments", spec.additionalArgs.join(" ")]]),
    ...(variables.length === 0 ? [] : [["variables", variables.join(" ")]]),
    ...(real.length === 0 ? [] : [["real", real.join(", ")]]),
    ...(spec.config === undefined ? [] : [["config", spec.config]]),
  ];
}

function attemptRow(attempt: ExportedAttempt): string[] {
  const {
    status,
    started_at: started,
    duration_seconds: seconds,
    error_message: message,
    test_counts: counts,
  } = attempt;
  return [
    `  ${attempt.attempt}.`,
    status,
    timeText(Date.parse(started)),
    seconds === undefined ? "" : durationText(seconds),
    counts ? testsText(counts) : "",
    message === undefined ? "" : plain(message),
  ];
}
