import { AsyncLocalStorage } from "node:async_hooks";
import { Writable } from "node:stream";
import type { ReporterStream } from "../events/reporter-factory.ts";

/** A stream that remembers what was written to it; with `columns`, it is a terminal. */
export class CollectingStream extends Writable implements ReporterStream {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows = 24;
  #text = "";

  constructor(columns?: number) {
    super({ decodeStrings: false });
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 80;
  }

  /** All of it. */
  get text(): string {
    return this.#text;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#text += String(chunk);
    done();
  }

  /** Those who listen to it now. */
  get openListeners(): number {
    return this.eventNames().reduce((sum, name) => sum + this.listenerCount(name), 0);
  }
}

const consoleMethods = ["debug", "dir", "error", "info", "log", "table", "trace", "warn"] as const;

/** Whose work is going on: what is written by others at the same time is theirs. */
const work = new AsyncLocalStorage<string[]>();

/** Runs `body`, and gives what it, and whatever it has started, writes to the process's own streams meanwhile. */
export async function writtenBehind(body: () => Promise<void>): Promise<readonly string[]> {
  const written: string[] = [];
  const restore = [
    ...([process.stdout, process.stderr] as const).map((stream) => intercept(stream, "write")),
    ...consoleMethods.map((method) => intercept(console, method)),
  ];
  try {
    await work.run(written, body);
  } finally {
    for (const undo of restore) undo();
  }
  return written;
}

function intercept<Name extends string>(of: Record<Name, (...args: never[]) => unknown>, name: Name): () => void {
  const own = Object.getOwnPropertyDescriptor(of, name);
  const original = of[name];
  of[name] = function intercepted(this: unknown, ...args: never[]): unknown {
    const written = work.getStore();
    if (!written) return Reflect.apply(original, this, args);
    written.push(String(args[0]));
    // Whoever waits for it must not wait in vain.
    const done: unknown = args.at(-1);
    if (typeof done === "function") queueMicrotask(() => (done as () => void)());
    return true;
  };
  return () => {
    if (own) Object.defineProperty(of, name, own);
    else Reflect.deleteProperty(of, name);
  };
}

/** What holds a process up or listens in it, by kind, with how many there are. */
export function openHandles(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (name: string, count = 1): unknown => counts.set(name, (counts.get(name) ?? 0) + count);
  for (const name of process.getActiveResourcesInfo()) add(name);
  const emitters = { process, "process.stdout": process.stdout, "process.stderr": process.stderr };
  for (const [name, emitter] of Object.entries(emitters)) {
    for (const event of emitter.eventNames())
      add(`listener of ${String(event)} on ${name}`, emitter.listenerCount(event));
  }
  return counts;
}

/** What there is more of than before, waiting a moment for what is about to end. */
export async function leftHandles(before: ReadonlyMap<string, number>, withinMs: number): Promise<readonly string[]> {
  const end = performance.now() + withinMs;
  for (;;) {
    const left = [...openHandles()].flatMap(([name, count]) => (count > (before.get(name) ?? 0) ? [name] : []));
    if (left.length === 0 || performance.now() > end) return left;
    // Not a timer, which would be one of those that are counted.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
