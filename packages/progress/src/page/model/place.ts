import type { NodeId, RunId } from "@netra-apex/core";

/** What is looked at beside the layers. */
export const panels = ["layers", "failures", "category", "environment", "events"] as const;
export type Panel = (typeof panels)[number];

/** What is looked at of a category. */
export const nodeTabs = ["tests", "output", "attempts"] as const;
export type NodeTab = (typeof nodeTabs)[number];

/** Where a reader is, which is kept in the address: a reload, a bookmark and a link lead there again. */
export interface Place {
  readonly thread?: string;
  /** Absent: the run that began last. */
  readonly run?: RunId;
  readonly panel: Panel;
  readonly node?: NodeId;
  readonly tab: NodeTab;
}

/** Where one begins. */
const startPlace: Place = { panel: "layers", tab: "tests" };

/** The place of an address's fragment; what it does not say, or says wrongly, is as at the start. */
export function readPlace(fragment: string): Place {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const [thread, run, node] = ["thread", "run", "node"].map((name) => said.get(name) ?? undefined);
  const panel = panels.find((name) => name === said.get("panel")) ?? startPlace.panel;
  return {
    panel: panel === "category" && node === undefined ? startPlace.panel : panel,
    tab: nodeTabs.find((name) => name === said.get("tab")) ?? startPlace.tab,
    ...(thread !== undefined && { thread }),
    ...(run !== undefined && { run }),
    ...(node !== undefined && { node }),
  };
}

/** The fragment that leads to a place, with its `#`; empty for the start. */
export function writePlace({ thread, run, panel, node, tab }: Place): string {
  const said = new URLSearchParams();
  if (thread !== undefined) said.set("thread", thread);
  if (run !== undefined) said.set("run", run);
  if (panel !== startPlace.panel) said.set("panel", panel);
  if (node !== undefined) said.set("node", node);
  if (node !== undefined && tab !== startPlace.tab) said.set("tab", tab);
  const text = said.toString();
  return text === "" ? "" : `#${text}`;
}
