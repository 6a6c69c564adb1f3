import {
  type Agent,
  type AgentHost,
  type Clock,
  delay,
  type InfrastructureFault,
  type LayerAdmission,
  type MissingResource,
  type PlanLayer,
  type RunEvent,
  type ServiceOutage,
  type SurroundingsEvent,
} from "@netra-apex/core";
import { assertEventGrammar } from "@netra-apex/core/testing";
import { scriptTest } from "./event-script.ts";
import { categoryNode, type Played, type PlayOptions, playRun, shopPlan } from "./report/played-run.ts";

/** What happens to the services while layers are asked about, and while they run. */
export interface ScriptedServices {
  /** By layer: what is told before it starts, each after the milliseconds before it. */
  readonly before?: Readonly<Record<string, readonly (readonly [afterMs: number, event: SurroundingsEvent])[]>>;
  /** By layer: what is told while it runs. */
  readonly during?: Readonly<Record<string, readonly (readonly [afterMs: number, event: SurroundingsEvent])[]>>;
  /** By layer: it does not start, for want of these. */
  readonly missing?: Readonly<Record<string, readonly MissingResource[]>>;
  /** What of an attempt that failed is the fault of an outage. */
  readonly isWhole?: boolean;
}

/** An agent that tells what it is told to tell of services, as one that really looks after them does. */
class ServiceTeller implements Agent {
  readonly name = "resources";
  readonly #script: ScriptedServices;
  readonly #clock: Clock;
  readonly #outages: ServiceOutage[] = [];
  #host: AgentHost | undefined;

  constructor(script: ScriptedServices, clock: Clock) {
    this.#script = script;
    this.#clock = clock;
  }

  async execute(): Promise<void> {}

  async start(host: AgentHost): Promise<void> {
    this.#host = host;
  }

  async admitLayer({ layer }: { readonly layer: PlanLayer }): Promise<LayerAdmission> {
    await this.#tell(this.#script.before?.[layer.id] ?? []);
    const missing = this.#script.missing?.[layer.id];
    if (!missing) return { kind: "admitted" };
    const policy = layer.needs?.whenUnavailable ?? "fail";
    this.#report({ type: "resources_missing", layerId: layer.id, missing, policy });
    const reason = `resources not available for layer ${layer.name}: ${missing.map(({ name }) => name).join(", ")}`;
    return policy === "skip"
      ? { kind: "refused", outcome: { status: "skipped", cause: "service", reason } }
      : { kind: "refused", outcome: { status: "errored", failureClass: "infrastructure", reason } };
  }

  async explainFailure(): Promise<InfrastructureFault | undefined> {
    if (this.#outages.length === 0) return undefined;
    const names = [...new Set(this.#outages.map(({ service }) => service))].join(", ");
    return { outages: this.#outages, reason: `${names} was down`, isWhole: this.#script.isWhole ?? true };
  }

  onEvent(event: RunEvent): void {
    if (event.type === "layer_started") void this.#tell(this.#script.during?.[event.layerId] ?? []);
  }

  async #tell(events: readonly (readonly [number, SurroundingsEvent])[]): Promise<void> {
    for (const [afterMs, event] of events) {
      if (afterMs > 0) await delay(this.#clock, afterMs);
      this.#report(event);
    }
  }

  #report(event: SurroundingsEvent): void {
    this.#host?.report(event);
    if (event.type !== "service_outage_ended") return;
    const { service, lastUpAt, durationMs, reason } = event;
    const upAgainAt = new Date(Date.parse(lastUpAt) + durationMs).toISOString();
    this.#outages.push({ service, lastUpAt, upAgainAt, reason });
  }
}

const state = "service_state_changed";

/** PostgreSQL of our own that needs 1.5 s to come up, a Redis that was left up, and a mail server of somebody else. */
export const quickStart: readonly (readonly [number, SurroundingsEvent])[] = [
  [0, { type: state, service: "postgresql", to: "missing" }],
  [0, { type: state, service: "redis", to: "healthy", owner: "reused", address: "localhost:6379", durationMs: 3 }],
  [0, { type: state, service: "mail", to: "running-unchecked", owner: "foreign", address: "localhost:1025" }],
  [0, started("starting", { from: "missing", reason: "refuses connections" })],
  [1_500, started("healthy", { from: "starting", durationMs: 1_400 })],
];

/** A change of a PostgreSQL of our own. */
export function started(
  to: "starting" | "healthy" | "unhealthy" | "exited",
  rest: Partial<Extract<SurroundingsEvent, { type: "service_state_changed" }>> = {},
): SurroundingsEvent {
  return { type: state, service: "postgresql", to, owner: "started", address: "localhost:55123", ...rest };
}

/** PostgreSQL is restarted for 2.3 s in the middle of a layer that begins at `fromMs` after noon. */
export function restart(afterMs: number, lastUpAt: string): readonly (readonly [number, SurroundingsEvent])[] {
  const reason = "ECONNREFUSED 127.0.0.1:55123";
  return [
    [afterMs, started("unhealthy", { from: "healthy", reason })],
    [0, { type: "service_outage_started", service: "postgresql", lastUpAt, reason }],
    [2_300, started("healthy", { from: "unhealthy" })],
    [0, { type: "service_outage_ended", service: "postgresql", lastUpAt, durationMs: 2_300, reason }],
  ];
}

const needs = { services: ["postgresql", "redis", "mail"], whenUnavailable: "fail", waitTimeoutMs: 120_000 } as const;

/** Two layers, of which the first needs three services and the second one that is not there. */
const servicePlan = shopPlan([
  { id: "core", name: "Core Integration", needs, gates: [], nodes: [categoryNode("api"), categoryNode("database")] },
  {
    id: "load",
    name: "Load",
    gates: [],
    needs: { services: ["kafka"], whenUnavailable: "fail", waitTimeoutMs: 0 },
    nodes: [categoryNode("burst")],
  },
]);

/** What {@link servicePlan} lacks for its second layer. */
export const lacking: readonly MissingResource[] = [
  { kind: "service", name: "kafka", reason: "nothing listens on localhost:9092", fix: "docker compose up -d kafka" },
  { kind: "port", name: "8080", reason: "held by node (pid 4711)", fix: "kill 4711" },
  { kind: "memory", name: "memory", reason: "1.2GiB free of the 4GiB that it needs" },
];

const place = { suites: ["Orders"], file: "test/orders.test.ts" } as const;
const refused = "connect ECONNREFUSED 127.0.0.1:55123";

/** What the nodes do: one of two tests of the API fails while PostgreSQL is down, and one of the database. */
export const brokenByOutage: Played = {
  api: [
    {
      ms: 4_000,
      tests: [
        scriptTest("lists", { ...place, durationMs: 400 }),
        scriptTest("places one", { ...place, line: 21, durationMs: 1_900, status: "failed", message: refused }),
      ],
    },
  ],
  database: [
    {
      ms: 4_000,
      tests: [
        scriptTest("commits", {
          ...place,
          suites: ["Tx"],
          status: "failed",
          durationMs: 900,
          message: "terminating connection",
        }),
      ],
    },
  ],
  burst: [{ ms: 1_000, tests: [scriptTest("bursts")] }],
};

/** What they do when nothing is amiss. */
export const allGreen: Played = {
  api: [{ ms: 4_000, tests: [scriptTest("lists", place), scriptTest("places one", place)] }],
  database: [{ ms: 4_000, tests: [scriptTest("commits", place)] }],
  burst: [{ ms: 1_000, tests: [scriptTest("bursts")] }],
};

/** Really runs {@link servicePlan}, with services that do what they are told to; gives the events, which are in order. */
export async function serviceRun(
  script: ScriptedServices,
  played: Played = allGreen,
  options: PlayOptions = {},
): Promise<RunEvent[]> {
  const events = await playRun(servicePlan, played, {
    runId: "20260131-120000-5e4v1c",
    ...options,
    accompany: (clock) => [new ServiceTeller(script, clock)],
  });
  assertEventGrammar(events);
  return events;
}
