import type { Agent, LayerAdmission, LayerRequest } from "../agents/agent.ts";
import { describeThrown, isApexError } from "../apex-error.ts";
import { type Clock, delay } from "../clock.ts";
import type { PlanLayer, PlanNode } from "../plan/plan.ts";
import { limitTime } from "./attempt-limit.ts";
import type { Deadline } from "./deadline.ts";

/** Why a layer does not start. */
export type LayerRefusal = Extract<LayerAdmission, { kind: "refused" }>["outcome"];

/** What all who were asked say of a layer. */
export type Admission =
  | { readonly env?: Readonly<Record<string, string>> }
  | { readonly refusal: LayerRefusal }
  /** The run came to its end, or its budget did, before they had answered. */
  | { readonly isOvertaken: true };

interface AdmissionOptions {
  readonly layer: PlanLayer;
  readonly nodes: readonly PlanNode[];
  /** Those that may be asked. */
  readonly agents: readonly Agent[];
  readonly signals: readonly AbortSignal[];
  readonly runDeadline: Deadline | undefined;
  readonly clock: Clock;
  /** How long an agent may take to answer once it need not any more, in milliseconds. */
  readonly graceMs: number;
}

/** Asks them, one after another, until one refuses. Never rejects. */
export async function admitLayer(options: AdmissionOptions): Promise<Admission> {
  const { layer, nodes, agents, signals, runDeadline } = options;
  const limit = limitTime(signals, [runDeadline]);
  const { signal } = limit;
  let env: Readonly<Record<string, string>> = {};
  try {
    for (const agent of agents) {
      const answer = await ask(agent, { layer, nodes, signal }, options);
      if (signal.aborted || answer === undefined) return { isOvertaken: true };
      if (answer.kind === "refused") return { refusal: answer.outcome };
      env = { ...env, ...answer.env };
    }
    return Object.keys(env).length === 0 ? {} : { env };
  } finally {
    limit.release();
  }
}

/** Nothing when the agent does not even answer that it is over. */
async function ask(
  agent: Agent,
  request: LayerRequest,
  { clock, graceMs }: AdmissionOptions,
): Promise<LayerAdmission | undefined> {
  const settled = new AbortController();
  try {
    const answer = (async () => agent.admitLayer?.(request) ?? ({ kind: "admitted" } as const))();
    return await Promise.race([answer, graceAfter(request.signal, clock, graceMs, settled.signal)]);
  } catch (error) {
    return { kind: "refused", outcome: brokenAdmission(agent, error) };
  } finally {
    settled.abort();
  }
}

async function graceAfter(signal: AbortSignal, clock: Clock, graceMs: number, over: AbortSignal): Promise<undefined> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      const done = (): void => resolve();
      signal.addEventListener("abort", done, { once: true });
      over.addEventListener("abort", done, { once: true });
    });
  }
  await delay(clock, graceMs, over).catch(() => undefined);
  return undefined;
}

function brokenAdmission({ name }: Agent, error: unknown): LayerRefusal {
  const reason = `the agent ${name} could not say whether the layer may start: ${describeThrown(error)}`;
  return { status: "errored", reason, ...(isApexError(error) ? { code: error.code } : {}) };
}
