/** An event of a trace, as a viewer reads it. */
export interface ReadEvent {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly id?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly s?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/**
 * Reads a trace as strictly as the format's document has it ("Trace Event Format", JSON object format): gives its events, and what is
 * wrong with them. Nothing may be wrong.
 */
export function checkTrace(text: string): {
  readonly events: readonly ReadEvent[];
  readonly problems: readonly string[];
} {
  const trace = JSON.parse(text) as { readonly traceEvents: readonly ReadEvent[]; readonly displayTimeUnit: string };
  const events = trace.traceEvents;
  const problems: string[] = [];
  if (trace.displayTimeUnit !== "ms" && trace.displayTimeUnit !== "ns") problems.push("displayTimeUnit");
  for (const event of events) problems.push(...fieldProblems(event));
  problems.push(
    ...orderProblems(events),
    ...nestingProblems(events),
    ...asyncProblems(events),
    ...nameProblems(events),
  );
  return { events, problems };
}

function fieldProblems(event: ReadEvent): string[] {
  const { ph, name, pid, tid, ts, dur, s, args } = event;
  const isTime = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const checks: [string, boolean][] = [
    ["ph", ["X", "M", "C", "i", "b", "e"].includes(ph)],
    ["name", typeof name === "string" && name !== ""],
    ["pid", Number.isSafeInteger(pid) && pid > 0],
    ["tid", isTime(tid)],
    ["ts", isTime(ts)],
    ["dur", ph === "X" ? isTime(dur) : dur === undefined],
    ["s", ph === "i" ? ["g", "p", "t"].includes(s ?? "") : s === undefined],
    ["args", ph !== "C" || Object.values(args).every((value) => Number.isFinite(value))],
  ];
  return checks.filter(([, isGood]) => !isGood).map(([field]) => `${field} of ${JSON.stringify(event)}`);
}

/** Time never goes back, and names come before what they name. */
function orderProblems(events: readonly ReadEvent[]): string[] {
  return events.flatMap((event, index) => {
    const before = events[index - 1];
    if (!before || before.ph === "M") return [];
    return event.ph === "M" || event.ts < before.ts ? [`order of ${JSON.stringify(event)}`] : [];
  });
}

/** Spans of one thread are within each other or apart, as calls of functions are. */
function nestingProblems(events: readonly ReadEvent[]): string[] {
  const stacks = new Map<string, number[]>();
  return events
    .filter(({ ph }) => ph === "X")
    .flatMap((event) => {
      const key = `${event.pid} ${event.tid}`;
      const open = (stacks.get(key) ?? []).filter((end) => end > event.ts);
      const end = event.ts + (event.dur ?? 0);
      const around = open.at(-1) ?? Infinity;
      stacks.set(key, [...open, end]);
      return end > around ? [`${event.name} ends at ${end}, after what is around it, at ${around}`] : [];
    });
}

function asyncProblems(events: readonly ReadEvent[]): string[] {
  const open = new Set<string>();
  const problems: string[] = [];
  for (const { ph, pid, cat, id, name } of events) {
    const key = `${pid} ${cat} ${id} ${name}`;
    if (ph === "b" && (open.has(key) || id === undefined)) problems.push(`${key} begins twice`);
    if (ph === "b") open.add(key);
    if (ph === "e" && !open.delete(key)) problems.push(`${key} ends before it begins`);
  }
  return [...problems, ...[...open].map((key) => `${key} never ends`)];
}

/** Each process and thread that has spans has a name, and one alone. */
function nameProblems(events: readonly ReadEvent[]): string[] {
  const names = (what: string): string[] =>
    events.filter(({ ph, name }) => ph === "M" && name === what).map(({ pid, tid }) => `${pid} ${tid}`);
  const threads = names("thread_name");
  const processes = names("process_name");
  const problems =
    [...threads, ...processes].length === new Set([...threads, ...processes]).size ? [] : ["names twice"];
  for (const { ph, pid, tid } of events) {
    if (ph === "X" && !threads.includes(`${pid} ${tid}`)) problems.push(`thread ${pid} ${tid} has no name`);
    if (!processes.includes(`${pid} 0`)) problems.push(`process ${pid} has no name`);
  }
  return problems;
}
