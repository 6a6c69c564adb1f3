import type { Agent } from "../agents/agent.ts";
import type { Clock } from "../clock.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import type { ExecutionEngineOptions } from "./engine-options.ts";
import { defaultAgentGraceMs } from "./every-node.ts";
import { HostShare } from "./host-share.ts";
import { admitLayer } from "./layer-admission.ts";
import type { LayerExecution, Skip } from "./layer-execution.ts";
import type { RunControl } from "./run-control.ts";

/** What the gatekeeper has to know of the run. */
interface GatedRun {
  readonly nodeAt: (index: number) => PlanNode;
  /** Whether a node will not start in any case. */
  readonly isStopped: (index: number) => boolean;
  /** What the run waits for may have come. */
  readonly onChange: () => void;
}

/**
 * Stands at the gates of layers: takes what a layer needs of the host, and has those asked who want to be asked, before one
 * opens.
 */
export class Gatekeeper {
  readonly host: HostShare;
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #control: RunControl;
  readonly #agents: readonly Agent[];

  constructor(options: ExecutionEngineOptions, control: RunControl, { nodeAt, isStopped, onChange }: GatedRun) {
    const { plan, stream, clock, hostLedger: participant } = options;
    this.#clock = clock;
    this.#graceMs = options.agentGraceMs ?? defaultAgentGraceMs;
    this.#control = control;
    this.#agents = options.agents.all().filter((agent) => agent.admitLayer !== undefined);
    this.host = new HostShare({
      ...{ plan, participant, stream, clock, nodeAt, onChange },
      isPaused: () => control.isPaused,
      isStopped: ({ stop }) => (stop ?? control.stop) !== undefined,
      isNodeStopped: isStopped,
    });
  }

  /** Resolves with why a layer may not start, if so; nothing at all to wait for when it may at once. */
  admit(layer: LayerExecution, plan: Plan): Promise<Skip | undefined> | undefined {
    const entered = this.host.enter(layer);
    if (!entered) return this.#agents.length === 0 ? undefined : this.#ask(layer, plan);
    return entered.then(() => (this.#control.stop || this.#agents.length === 0 ? undefined : this.#ask(layer, plan)));
  }

  /** Asks the agents; never rejects for what they do. */
  async #ask(layer: LayerExecution, { nodes }: Plan): Promise<Skip | undefined> {
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
