import type { Plan } from "../plan/plan.ts";
import type { GraphWalk } from "./graph-walk.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * Nodes that are to be tried again at the end of their layer, with nothing beside them. A node's turn comes when all of its
 * layer has ended but those that wait for such a turn themselves, or for a node that does: so nobody waits in a circle, also
 * where layers run side by side.
 */
export class IsolatedRetries {
  readonly #walk: GraphWalk;
  readonly #scheduler: Scheduler;
  readonly #resolvers = new Map<number, (slot: number | undefined) => void>();
  /** Nodes whose turn has not come. */
  readonly #waiting = new Map<number, string>();
  /** By layer with such nodes: the nodes that they still wait for; computed when it is asked for. */
  #before: Map<string, Set<number>> | undefined;

  constructor(walk: GraphWalk, scheduler: Scheduler) {
    this.#walk = walk;
    this.#scheduler = scheduler;
  }

  /** Gives a node's slot back and waits for its turn: resolves with its new slot, or with nothing when it must not start any more. */
  wait(
    node: number,
    { layerId, slot }: { readonly layerId: string; readonly slot: number },
  ): Promise<number | undefined> {
    this.#scheduler.release(node, slot);
    this.#waiting.set(node, layerId);
    this.#before = undefined;
    return new Promise((resolve) => this.#resolvers.set(node, resolve));
  }

  /** A node of the run has ended. */
  ended(node: number, layerId: string): void {
    this.#before?.get(layerId)?.delete(node);
  }

  /** The plan has grown. */
  extended(): void {
    this.#before = undefined;
  }

  /** Puts the nodes whose turn has come in line, each to run alone. */
  admit(plan: Plan): void {
    if (this.#waiting.size === 0) return;
    this.#before ??= this.#nodesBefore(plan);
    const before = this.#before;
    const ready = [...this.#waiting].filter(([, layerId]) => before.get(layerId)?.size === 0).map(([node]) => node);
    for (const node of ready) {
      this.#waiting.delete(node);
      this.#scheduler.addAlone(node);
    }
    if (ready.length > 0) this.#before = undefined;
  }

  /** Gives a node that was taken from the scheduler its turn, or ends its wait; false for one that does not wait here. */
  give(node: number, { slot, mayStart }: { readonly slot: number; readonly mayStart: boolean }): boolean {
    const resolve = this.#resolvers.get(node);
    if (!resolve) return false;
    this.#resolvers.delete(node);
    if (!mayStart) this.#scheduler.release(node, slot);
    resolve(mayStart ? slot : undefined);
    return true;
  }

  #nodesBefore(plan: Plan): Map<string, Set<number>> {
    const blocked = this.#walk.nodesBehind(this.#waiting.keys());
    const before = new Map([...this.#waiting.values()].map((layerId) => [layerId, new Set<number>()]));
    for (const [index, { layerId }] of plan.nodes.entries()) {
      const isOpen = !this.#walk.isDone(index) && !this.#waiting.has(index) && !blocked.has(index);
      if (isOpen) before.get(layerId)?.add(index);
    }
    return before;
  }
}
