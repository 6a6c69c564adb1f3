import type { Reporter } from "../events/reporter.ts";
import type { RunEvent, RunEventOf, RunEventType } from "../events/run-event.ts";
import type { Outcome } from "../outcome.ts";

/** A reporter that keeps every event, and answers what tests ask of them. */
export class EventRecorder implements Reporter {
  readonly name = "event-recorder";
  /** In the order of the stream. */
  readonly events: RunEvent[] = [];

  /** Keeps an event. */
  onEvent(event: RunEvent): void {
    this.events.push(event);
  }

  /** Every event of one type. */
  all<Type extends RunEventType>(type: Type): RunEventOf<Type>[] {
    return this.events.filter((event): event is RunEventOf<Type> => event.type === type);
  }

  /** The events of one node, in order. */
  ofNode(nodeId: string): RunEvent[] {
    return this.events.filter((event) => "nodeId" in event && event.nodeId === nodeId);
  }

  /** Types of all events, or of one node's, in order. */
  types(nodeId?: string): RunEventType[] {
    return (nodeId === undefined ? this.events : this.ofNode(nodeId)).map((event) => event.type);
  }

  /** How a node ended; undefined for one that has not. */
  outcomeOf(nodeId: string): Outcome | undefined {
    return this.all("node_completed").find((event) => event.nodeId === nodeId)?.outcome;
  }

  /** How a layer ended; undefined for one that has not. */
  layerOutcome(layerId: string): Outcome | undefined {
    return this.all("layer_completed").find((event) => event.layerId === layerId)?.outcome;
  }
}
