import type { Page, PageRequest, TaskFilter, TaskView } from "./queue-backend.ts";
import { QueueCursorError } from "./queue-errors.ts";
import { type Ageing, compareUrgency, priorities, tasksAhead } from "./queue-order.ts";
import { isFinalState, type QueuedTask, type Task } from "./task-machine.ts";
import type { ScanPosition, TaskScan, TaskTables } from "./task-storage.ts";
import { type TaskState, taskStates } from "./task.ts";
import { viewOf } from "./task-view.ts";

type Stream = Pick<TaskScan, "state" | "priority" | "order">;

/** Streams of tasks that are each in order, and how they are to be merged. */
interface Segment {
  readonly streams: readonly Stream[];
  readonly compare: (left: Task, right: Task) => number;
  /** The order is the same whenever it is asked for, so that where one stream is, all are. */
  readonly isFixed: boolean;
}

/** How far each stream of a segment has been listed; segments before it are at their end. */
interface Cursor {
  readonly segment: number;
  readonly positions: readonly (ScanPosition | undefined)[];
}

/** One page of the tasks that fit. Throws `QueueCursorError`. */
export function listTasks(
  tables: TaskTables,
  filter: TaskFilter,
  { order, limit, after, ...ageing }: PageRequest & Ageing,
): Page<TaskView> {
  const segments = segmentsOf(order, { states: filter.states ?? taskStates, ageing });
  const start: Cursor = after === undefined ? { segment: 0, positions: [] } : parseCursor(after, segments);
  const found: Task[] = [];
  let { segment: index, positions } = start;
  for (; index < segments.length && found.length <= limit; index += 1, positions = []) {
    const segment = segments[index];
    if (!segment) break;
    // One more than asked for, to know whether there is more.
    const merged = mergeStreams(tables, segment, { positions, limit: limit + 1 - found.length, filter });
    const kept = merged.slice(0, limit - found.length);
    found.push(...merged);
    if (found.length > limit) {
      positions = advance(segment, positions, kept);
      break;
    }
  }
  const page = found.slice(0, limit);
  const items = withAhead(tables, page, ageing);
  return found.length > limit ? { items, next: writeCursor({ segment: index, positions }) } : { items };
}

/** Tasks as everybody may see them, with how many are before those that are queued. */
export function withAhead(tables: TaskTables, tasks: readonly Task[], ageing: Ageing): TaskView[] {
  const queued = tasks.filter((task): task is QueuedTask => task.state === "queued");
  const ahead = queued.length > 0 ? tasksAhead(queued, tables, ageing) : undefined;
  return tasks.map((task) => viewOf(task, ahead?.get(task.id)));
}

function segmentsOf(
  order: PageRequest["order"],
  { states, ageing }: { readonly states: readonly TaskState[]; readonly ageing: Ageing },
): Segment[] {
  const newest = (some: readonly TaskState[]): Segment => ({
    streams: some.map((state) => ({ state, order: "newest" })),
    compare: (left, right) => right.changedMs - left.changedMs || right.place - left.place,
    isFixed: true,
  });
  const byPlace = (some: readonly TaskState[]): Segment => ({
    streams: some.map((state) => ({ state, order: "place" })),
    compare: (left, right) => left.place - right.place,
    isFixed: true,
  });
  if (order === "newest") return [newest(states)];
  const queued: Segment = {
    streams: priorities.map((priority) => ({ state: "queued", priority, order: "place" })),
    compare: (left, right) => compareUrgency(left as QueuedTask, right as QueuedTask, ageing),
    isFixed: false,
  };
  return [
    byPlace(states.filter((state) => state === "starting" || state === "running")),
    states.includes("queued") ? queued : byPlace([]),
    byPlace(states.filter((state) => state === "retry-wait")),
    newest(states.filter((state) => isFinalState(state))),
  ];
}

function mergeStreams(
  tables: TaskTables,
  { streams, compare }: Segment,
  { positions, limit, filter }: { positions: Cursor["positions"]; limit: number; filter: TaskFilter },
): Task[] {
  const { category, sinceMs, id } = filter;
  const tasks = streams.flatMap((stream, index) => {
    const after = positions[index];
    return tables.scan({
      ...stream,
      limit,
      ...(after ? { after } : {}),
      ...(category === undefined ? {} : { category }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(id === undefined ? {} : { id }),
    });
  });
  return tasks.sort(compare).slice(0, limit);
}

/** Where the streams are once these tasks have been listed. */
function advance({ streams, isFixed }: Segment, positions: Cursor["positions"], listed: readonly Task[]) {
  return streams.map((stream, index) => {
    const own = listed.filter(({ priority }) => isFixed || priority === stream.priority);
    return own.at(-1) ?? positions[index];
  });
}

function writeCursor({ segment, positions }: Cursor): string {
  const written = positions.map((position) => (position ? `${position.place}@${position.changedMs}` : ""));
  return `${segment}:${written.join(",")}`;
}

function parseCursor(text: string, segments: readonly Segment[]): Cursor {
  const [, number = "", list = ""] = /^(\d):((?:\d+@-?\d+)?(?:,(?:\d+@-?\d+)?)*)$/.exec(text) ?? [];
  const parts = list.split(",");
  const segment = segments[Number(number)];
  if (number === "" || segment?.streams.length !== parts.length) throw new QueueCursorError(text);
  const positions = parts.map((part) => {
    const [place, changedMs] = part.split("@").map(Number);
    return place === undefined || changedMs === undefined ? undefined : { place, changedMs };
  });
  return { segment: Number(number), positions };
}
