import type { QueueStatus, TaskStatus } from "@netra-apex/background-e2e";
import { formatDuration, formatSize } from "@netra-apex/core";
import { countText, plain, table } from "../table.ts";

/** The queue for people, as it is at one moment. */
export function statusView(status: QueueStatus, nowMs = Date.now()): string {
  const { tasks, by_status: by } = status;
  const running = tasks.filter(({ process_info: info }) => info !== null);
  const waiting = tasks.filter(({ process_info: info }) => info === null);
  const lines = [headline(status)];
  if (running.length > 0) lines.push("", table(running.map((task) => runningRow(task))));
  if (waiting.length > 0) {
    lines.push(
      "",
      table(
        waiting.map((task) => waitingRow(task, nowMs)),
        ">",
      ),
    );
    const more = by.queued + by["retry-wait"] - waiting.length;
    if (more > 0) lines.push(`… and ${more} more`);
  }
  return lines.join("\n");
}

function headline(status: QueueStatus): string {
  const { by_status: by, worker, paused, active_tasks: active, concurrency } = status;
  const waiting = by.queued + by["retry-wait"];
  const what = active + waiting === 0 ? "nothing is queued" : `${active} of ${concurrency} running, ${waiting} waiting`;
  const who = worker
    ? `worker ${worker.pid}`
    : status.stopped
      ? "the worker was stopped (apex bg worker starts it)"
      : waiting > 0
        ? "no worker (apex bg worker starts one)"
        : "no worker is needed";
  const pause = paused ? ` · paused${paused.reason === null ? "" : `: ${plain(paused.reason)}`} (apex bg resume)` : "";
  return `background  ${what} · ${who}${pause}`;
}

function runningRow(task: TaskStatus): string[] {
  const { process_info: info, test_counts: counts, eta_seconds: eta } = task;
  const spent = formatDuration(Math.round((info?.duration_seconds ?? 0) * 1_000));
  const left = eta === null ? "" : eta > 0 ? `, about ${formatDuration(roundedMs(eta))} left` : ", longer than usual";
  const tests = counts
    ? `${countText(counts.total, "test")}${counts.failed > 0 ? `, ${counts.failed} failed` : ""}`
    : (task.waiting_for ?? "");
  const usage = info?.resource_usage;
  const takes = usage ? `${usage.cpu_percent} % CPU, ${formatSize(usage.memory_mb * 1024 ** 2)}` : "";
  const attempt = task.attempt > 1 ? `attempt ${task.attempt}` : "";
  const state = task.cancel_requested ? "ending" : task.status;
  return [task.task_id, state, `${spent}${left}`, tests, takes, attempt].map((cell) => cell);
}

function waitingRow(task: TaskStatus, nowMs: number): string[] {
  const { position, eta_seconds: eta, status } = task;
  const since = formatDuration(Math.max(1_000, roundedMs((nowMs - Date.parse(task.since)) / 1_000)));
  const when =
    eta === null ? (task.waiting_for ?? "") : eta < 1 ? "next" : `in about ${formatDuration(roundedMs(eta))}`;
  return [position === null ? "" : `${position}.`, task.task_id, status, task.priority, when, `since ${since}`];
}

/** Nobody reads fractions of a second here. */
function roundedMs(seconds: number): number {
  return Math.round(seconds) * 1_000;
}
