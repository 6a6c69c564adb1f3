import type { Agent } from "../agents/agent.ts";
import type { AgentRegistry } from "../agents/agent-registry.ts";
import type { Clock } from "../clock.ts";
import type { Plan } from "../plan/plan.ts";
import { admitLayer } from "./layer-admission.ts";
import type { LayerExecution, Skip } from "./layer-execution.ts";
import type { RunControl } from "./run-control.ts";

const defaultGraceMs = 5_000;

/** Stands at the gates of layers: has those asked who want to be asked before one opens. */
export class Gatekeeper {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #control: RunControl;
  readonly #agents: readonly Agent[];

  constructor(
    options: { readonly agents: AgentRegistry; readonly clock: Clock; readonly agentGraceMs?: number },
    control: RunControl,
  ) {
    this.#clock = options.clock;
    this.#graceMs = options.agentGraceMs ?? defaultGraceMs;
    this.#control = control;
    this.#agents = options.agents.all().filter((agent) => agent.admitLayer !== undefined);
  }

  /** Whether anybody wants to be asked. */
  get isAsked(): boolean {
    return this.#agents.length > 0;
  }

  /** Asks the agents whether a layer may start; returns why it may not. Never rejects for what they do. */
  async admit(layer: LayerExecution, { nodes }: Plan): Promise<Skip | undefined> {
    const admission = await admitLayer({
      layer: layer.layer,
      nodes: nodes.filter(({ layerId, skip }) => layerId === layer.layer.id && !skip),
      agents: this.#agents,
      signals: [this.#control.signal, layer.cancel.signal],
      runDeadline: this.#control.deadline,
      clock: this.#clock,
      graceMs: this.#graceMs,
    });
    // Why it is overtaken, the run itself knows.
    if ("isOvertaken" in admission) return undefined;
    if (!("refusal" in admission)) {
      layer.env = admission.env;
      return undefined;
    }
    this.#control.applyRefusal(layer, admission.refusal);
    return layer.refuse(admission.refusal);
  }
}
