import type { Agent, AgentHealth } from "../agents/agent.ts";
import type { HealthState } from "../events/run-event.ts";
import { describeThrown } from "../apex-error.ts";
import type { Clock } from "../clock.ts";
import { formatDuration } from "../config/units.ts";
import type { EventStream } from "../events/event-stream.ts";

/** What a heartbeat watches, and whom it tells. */
export interface HeartbeatOptions {
  /** Those without `health` are not watched. */
  readonly agents: readonly Agent[];
  /** Gets `agent_health_changed`. */
  readonly stream: EventStream;
  readonly clock: Clock;
  /** From one beat to the next; 5,000 when absent. */
  readonly intervalMs?: number;
  /** As many missed in a row make an agent lost; 3 when absent. */
  readonly missedBeats?: number;
  /** Told once, after the event, each time an agent becomes lost. */
  readonly onLost: (agent: string, reason: string) => void;
  /** Told, after the event, when a lost agent answers again. */
  readonly onRecovered?: (agent: string) => void;
}

interface Watched {
  readonly agent: Agent;
  state: HealthState;
  /** In a row. */
  missed: number;
  /** While an answer is outstanding; excused when this process stalled meanwhile. */
  asked: { isExcused: boolean } | undefined;
}

/**
 * Asks the agents of one run how they are, all at once at every beat, the first time one interval after the start.
 *
 * A beat is missed when the agent throws, answers what is no {@link AgentHealth}, or has not answered by the next beat;
 * while an answer is outstanding it is not asked again, and misses every beat. A beat that comes later than two
 * intervals after the one before is nobody's fault but this process's (its event loop was blocked, or the machine
 * slept): what went wrong in that time is not counted.
 */
export class Heartbeat {
  readonly #watched: ReadonlyMap<string, Watched>;
  readonly #options: HeartbeatOptions;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #missedBeats: number;
  #lastBeatAtMs = 0;
  /** There while it runs. */
  #cancelNext: (() => void) | undefined;

  constructor(options: HeartbeatOptions) {
    const { agents, clock, intervalMs = 5_000, missedBeats = 3 } = options;
    const watched = agents.filter((agent) => agent.health !== undefined);
    this.#watched = new Map(
      watched.map((agent) => [agent.name, { agent, state: "healthy", missed: 0, asked: undefined }]),
    );
    this.#options = options;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#missedBeats = missedBeats;
  }

  /** Begins to beat; does nothing when it beats already or there is nobody to watch. */
  start(): void {
    if (this.#cancelNext || this.#watched.size === 0) return;
    this.#waitForNextBeat();
  }

  /** Ends it: no agent is asked and nothing is told from now on. Idempotent. */
  stop(): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
  }

  /** How an agent is, as far as is known; one that is not watched is healthy. */
  healthOf(agent: string): HealthState {
    return this.#watched.get(agent)?.state ?? "healthy";
  }

  #waitForNextBeat(): void {
    this.#lastBeatAtMs = this.#clock.monotonicMs();
    this.#cancelNext = this.#clock.schedule(this.#intervalMs, () => this.#beat());
  }

  #beat(): void {
    const hasStalled = this.#hasStalled();
    this.#waitForNextBeat();
    for (const watched of this.#watched.values()) {
      // Whoever is told of a lost agent may stop the heartbeat at once.
      if (!this.#cancelNext) return;
      if (!watched.asked) void this.#ask(watched);
      else if (hasStalled) watched.asked.isExcused = true;
      else this.#miss(watched, `no answer within ${formatDuration(this.#intervalMs)}`);
    }
  }

  #hasStalled(): boolean {
    return this.#clock.monotonicMs() - this.#lastBeatAtMs > 2 * this.#intervalMs;
  }

  async #ask(watched: Watched): Promise<void> {
    const asked = { isExcused: false };
    watched.asked = asked;
    const answer = await answerOf(watched.agent);
    watched.asked = undefined;
    if (!this.#cancelNext) return;
    if (typeof answer !== "string") this.#take(watched, answer);
    // After a stall a failure may be handled before the overdue beat or after it.
    else if (!asked.isExcused && !this.#hasStalled()) this.#miss(watched, answer);
  }

  #take(watched: Watched, { state, detail }: AgentHealth): void {
    const before = watched.state;
    watched.missed = 0;
    this.#change(watched, state, detail);
    if (before === "lost") this.#options.onRecovered?.(watched.agent.name);
  }

  #miss(watched: Watched, reason: string): void {
    watched.missed += 1;
    if (watched.missed < this.#missedBeats || watched.state === "lost") return;
    const detail = `heartbeats missed in a row: ${watched.missed} (${reason})`;
    this.#change(watched, "lost", detail);
    this.#options.onLost(watched.agent.name, detail);
  }

  #change(watched: Watched, to: HealthState, detail: string | undefined): void {
    const from = watched.state;
    if (from === to) return;
    watched.state = to;
    this.#options.stream.emit({
      type: "agent_health_changed",
      agent: watched.agent.name,
      from,
      to,
      ...(detail === undefined ? {} : { detail }),
    });
  }
}

/** An agent's answer, or in words why it is none. */
async function answerOf(agent: Agent): Promise<AgentHealth | string> {
  try {
    const answer: unknown = await agent.health?.();
    return isHealth(answer) ? answer : "its answer has no state that is healthy or degraded";
  } catch (error) {
    return describeThrown(error);
  }
}

function isHealth(answer: unknown): answer is AgentHealth {
  if (typeof answer !== "object" || answer === null) return false;
  const { state, detail } = answer as Partial<Record<keyof AgentHealth, unknown>>;
  return (state === "healthy" || state === "degraded") && (detail === undefined || typeof detail === "string");
}
