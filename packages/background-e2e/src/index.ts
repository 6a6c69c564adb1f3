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

// Who hears of the end of a task
export { type FinishedTask, notifyFinished, type NotifyOptions } from "./notify/notify-finished.ts";
export { finishedText, shouldNotify } from "./notify/finished-text.ts";

// Services that tasks need
export {
  type CheckedServices,
  checkServices,
  createServiceCheck,
  type ServiceCheck,
  type ServiceProblem,
  type UnavailableService,
} from "./services/check-services.ts";
