// The queue
export {
  type ActiveTaskState,
  type Actor,
  type Attempt,
  type AttemptResult,
  type FinalTaskState,
  type Progress,
  type SnapshotRef,
  type TaskId,
  taskPriorities,
  type TaskPriority,
  type TaskSpec,
  type TaskState,
  taskStates,
  type WorkerRef,
} from "./queue/task.ts";
export type {
  AuditEvent,
  Claim,
  ClaimRef,
  Enqueued,
  NewTask,
  Page,
  PageRequest,
  QueueBackend,
  QueueGuarantees,
  QueuePause,
  QueueStats,
  Reaped,
  TaskFilter,
  TaskView,
} from "./queue/queue-backend.ts";
export { createMemoryQueue, MemoryStorage } from "./queue/memory-storage.ts";
export { FileQueue, openQueue, type OpenQueueOptions } from "./queue/open-queue.ts";
export { type QueueOptions, type StorageTraits, TaskQueue } from "./queue/task-queue.ts";
export type { ScanPosition, TaskScan, TaskStorage, TaskTables } from "./queue/task-storage.ts";
export {
  type Backoff,
  type CancelledTask,
  type CancelRequest,
  type DecidedTask,
  type FinalTask,
  type HeldTask,
  isFinalState,
  type LostTask,
  type OpenTask,
  type QueuedTask,
  type Task,
  type WaitingTask,
} from "./queue/task-machine.ts";
export { QueueClosedError, QueueCursorError, TaskInvalidError } from "./queue/queue-errors.ts";

// Snapshots of the code
export { takeSnapshot } from "./snapshot/take-snapshot.ts";
export {
  type CheckedOutSnapshot,
  type CheckOutOptions,
  checkOutSnapshot,
  defaultLinked,
} from "./snapshot/check-out-snapshot.ts";
export {
  type KeptSnapshot,
  listSnapshots,
  removeAbandonedSnapshots,
  removeCheckOut,
  removeSnapshot,
} from "./snapshot/remove-snapshot.ts";
export { identifyWorkTree, type WorkTreeIdentity } from "./snapshot/identify-work-tree.ts";
export { SnapshotError, type SnapshotErrorCode } from "./snapshot/snapshot-error.ts";

// Scheduled tasks
export {
  type DueSchedule,
  dueTime,
  nextTime,
  planSchedule,
  type ScheduleMemory,
  type SchedulePlan,
  type Timing,
} from "./schedule/plan-schedule.ts";

// For programs
export {
  BackgroundE2EAgent,
  backgroundE2EAgentName,
  type BackgroundE2EAgentOptions,
  type BackgroundE2EInput,
} from "./agent/background-e2e-agent.ts";
export { type E2ETestConfig, priorityOf } from "./agent/e2e-test-config.ts";
export type { QueueStatus, StatusOptions, TaskStatus } from "./results/queue-status.ts";
export type { ExportedAttempt, ExportedResult } from "./results/task-result.ts";
export { findTask, TaskNotFoundError } from "./results/find-task.ts";

// For command lines
export { attemptLog, openQueueAt, type QueuePlace, queuePlace } from "./place.ts";
export { enqueueCategories, type EnqueuedCategory, type EnqueueRequest } from "./enqueue/enqueue-tasks.ts";
export { backgroundCategories, type TaskOptions } from "./enqueue/new-task.ts";
export { isRunOfTask } from "./attempt/run-of-task.ts";
export { type EnsuredDaemon, ensureDaemon } from "./daemon/ensure-daemon.ts";
export { type DaemonRecord, DaemonSeat, type StopRequest } from "./daemon/daemon-record.ts";
export { QueueWorker, type QueueWorkerOptions, type WorkerEnd } from "./daemon/queue-worker.ts";
export { onWake, wake } from "./daemon/wake.ts";
export type { WorkerPace } from "./daemon/worker-pace.ts";
export { logOfWorker } from "./daemon/worker-log.ts";
export { type Cancelled, cancelTask, waitForTask } from "./control/cancel-task.ts";
export { readQueueStatus, taskStatus } from "./results/queue-status.ts";
export { exportedResult, finalStates, isFinal, isFlaky } from "./results/task-result.ts";
export { type QueueFacts, readFact, type WorkerSettings, workerSettings, writeFact } from "./settings.ts";
// Who hears of the end of a task
export { type FinishedTask, notifyFinished, type NotifyOptions } from "./notify/notify-finished.ts";
export { finishedText, shouldNotify } from "./notify/finished-text.ts";

// Services that tasks need
