import { isAbsolute, relative, resolve, sep } from "node:path";
import type { NodeId, PlanNode, RunEvent } from "@netra-apex/core";
import { categoryTaskOf } from "../render/category.ts";

/** Where the test files of a run are, as far as its events tell. */
export class TestFiles {
  readonly #workspace: string | undefined;
  readonly #cwds = new Map<NodeId, string>();
  #projectRoot = "";

  /** `workspace` is the directory that GitHub has checked the repository out into; where it is not told, the project's. */
  constructor(workspace: string | undefined) {
    this.#workspace = workspace;
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case "run_started":
        this.#projectRoot = event.plan.projectRoot;
        this.#learn(event.plan.nodes);
        break;
      case "plan_extended":
        this.#learn(event.nodes);
        break;
      case "node_completed":
        // A shard's or a container's working directory is what its evidence says.
        if (event.evidence?.cwd !== undefined) this.#cwds.set(event.nodeId, event.evidence.cwd);
        break;
      default:
        break;
    }
  }

  /** A node's test file as GitHub wants it: from the repository's root, with slashes; undefined for one that is not in it. */
  inRepository(nodeId: NodeId, file: string): string | undefined {
    const path = relative(
      this.#workspace ?? this.#projectRoot,
      resolve(this.#projectRoot, this.#cwds.get(nodeId) ?? "", file),
    );
    const isInside = path !== "" && path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
    return isInside ? path.split(sep).join("/") : undefined;
  }

  #learn(nodes: readonly PlanNode[]): void {
    for (const node of nodes) {
      const cwd = categoryTaskOf(node)?.cwd;
      if (cwd !== undefined) this.#cwds.set(node.id, cwd);
    }
  }
}
