import type { QueueStatus, TaskStatus } from "@netra-apex/background-e2e";
import { formatDuration, formatSize } from "@netra-apex/core";
import { countText, fittingTable, plain } from "../table.ts";

/** Where and when a status is shown. */
export interface StatusViewOptions {
  readonly nowMs?: number;
  /** Cells of a line; as many as it takes where nobody says. */
  readonly width?: number | undefined;
  /** Lines that there is room for; what waits last is left out, and counted. */
  readonly rows?: number | undefined;
}

/** The queue for people, as it is at one moment. */
export function statusView(
  status: QueueStatus,
  { nowMs = Date.now(), width = Number.POSITIVE_INFINITY, rows = Number.POSITIVE_INFINITY }: StatusViewOptions = {},
): string {
  const { tasks, by_status: by, active_tasks: active } = status;
  const running = tasks.filter(({ process_info: info }) => info !== null);
  const inLine = tasks.filter(({ process_info: info }) => info === null);
  // Beside the tasks there are a headline, the line of what is over, a blank line before each part, and how many more there are.
  const room = rows - 5 - (running.length > 0 ? running.length + 1 : 0);
  const waiting = inLine.slice(0, Math.max(1, room));
  const lines = [headline(status, width)];
  if (running.length > 0) {
    // What a task takes says least, then its attempt.
    lines.push("", fittingTable(running.map(runningRow), { width, leastFirst: [4, 5] }));
    if (active > running.length) lines.push(`… and ${active - running.length} more`);
  }
  if (waiting.length > 0) {
    const inOrder = waiting.map((task) => waitingRow(task, nowMs));
    lines.push("", fittingTable(inOrder, { align: ">", width, leastFirst: [5, 3, 2] }));
    const more = by.queued + by["retry-wait"] - waiting.length;
    if (more > 0) lines.push(`… and ${more} more`);
  }
  const over = overText(status);
  if (over !== "") lines.push("", over);
  return lines.join("\n");
}

function headline(status: QueueStatus, width: number): string {
  const { by_status: by, worker, paused, active_tasks: active, concurrency } = status;
  const waiting = by.queued + by["retry-wait"];
  const what = active + waiting === 0 ? "nothing is queued" : `${active} of ${concurrency} running, ${waiting} waiting`;
  const who = worker
    ? `worker ${worker.pid}`
    : status.stopped
      ? "the worker was stopped (apex bg worker starts it)"
      : waiting + active > 0 && !paused
        ? "the worker starts"
        : "no worker is needed";
  const pause = paused ? ` · paused${paused.reason === null ? "" : `: ${plain(paused.reason)}`} (apex bg resume)` : "";
  const text = `${what} · ${who}${pause}`;
  return text.length + 12 > width ? text : `background  ${text}`;
}

/** How many are over, and how. */
function overText({ by_status: by }: QueueStatus): string {
  const counts = [
    [by.completed, "passed"],
    [by.failed, "failed"],
    [by["timed-out"], "timed out"],
    [by.lost, "lost"],
    [by.cancelled, "cancelled"],
  ] as const;
  const said = counts.filter(([many]) => many > 0).map(([many, how]) => `${many} ${how}`);
  return said.length === 0 ? "" : `over  ${said.join(", ")} (apex bg results)`;
}

function runningRow(task: TaskStatus): string[] {
  const { process_info: info, test_counts: counts, eta_seconds: eta } = task;
  const spent = secondsText(info?.duration_seconds ?? 0);
  const left = eta === null ? "" : eta > 0 ? `, about ${secondsText(eta)} left` : ", longer than usual";
  const tests = counts?.total
    ? `${countText(counts.total, "test")}${counts.failed > 0 ? `, ${counts.failed} failed` : ""}`
    : (task.waiting_for ?? "");
  const usage = info?.resource_usage;
  const takes = usage ? `${usage.cpu_percent} % CPU, ${formatSize(usage.memory_mb * 1024 ** 2)}` : "";
  const attempt = task.attempt > 1 ? `attempt ${task.attempt}` : "";
  const state = task.cancel_requested ? "ending" : task.status;
  return [task.task_id, state, `${spent}${left}`, tests, takes, attempt];
}

function waitingRow(task: TaskStatus, nowMs: number): string[] {
  const { position, eta_seconds: eta, status } = task;
  const since = `since ${secondsText((nowMs - Date.parse(task.since)) / 1_000)}`;
  const when = eta === null ? (task.waiting_for ?? "") : eta < 1 ? "next" : `in about ${secondsText(eta)}`;
  return [position === null ? "" : `${position}.`, task.task_id, status, task.priority, when, since];
}

/** Nobody reads fractions of a second here. */
function secondsText(seconds: number): string {
  return formatDuration(Math.max(1, Math.round(seconds)) * 1_000);
}
