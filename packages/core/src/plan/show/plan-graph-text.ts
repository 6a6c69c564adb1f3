import { formatDuration } from "../../config/units.ts";
import type { NodeId } from "../../ids.ts";
import type { Plan, PlanNode } from "../plan.ts";

/**
 * The plan as a Mermaid flowchart: a subgraph per layer, gates as thick arrows between layers, services as cylinders with dotted
 * lines to the layers that need them, the critical path with a thick border.
 */
export function planMermaid(plan: Plan, criticalPath: readonly NodeId[] = []): string {
  const names = nodeNames(plan);
  const lines = ["flowchart LR"];
  for (const [index, layer] of plan.layers.entries()) {
    const budget = layer.budgetMs === undefined ? "" : `, ${formatDuration(layer.budgetMs)}`;
    lines.push(`  subgraph L${index}["${escapeMermaid(layer.name)} (${layer.executionMode}${budget})"]`);
    for (const node of plan.nodes.filter((candidate) => candidate.layerId === layer.id)) {
      lines.push(`    ${names.get(node.id)}["${escapeMermaid(label(node))}"]`);
    }
    if (layer.nodes.length === 0) lines.push(`    E${index}[" "]`);
    lines.push("  end");
  }
  for (const [index, layer] of plan.layers.entries()) {
    for (const gate of layer.gates) lines.push(`  L${layerIndex(plan, gate)} ==> L${index}`);
  }
  for (const node of plan.nodes) {
    for (const need of node.needs) lines.push(`  ${names.get(need)} --> ${names.get(node.id)}`);
  }
  for (const [index, { name, layers }] of neededServices(plan).entries()) {
    lines.push(`  S${index}[("${escapeMermaid(name)}")]`);
    for (const layer of layers) lines.push(`  S${index} -.- L${layer}`);
  }
  if (criticalPath.length > 0) {
    const marked = criticalPath.map((id) => names.get(id)).join(",");
    lines.push("  classDef critical stroke-width:4px", `  class ${marked} critical`);
  }
  return lines.join("\n");
}

/**
 * The plan in Graphviz' language: a cluster per layer, gates as bold edges between clusters, services as cylinders with dotted
 * lines to the layers that need them, the critical path with a thick border.
 */
export function planDot(plan: Plan, criticalPath: readonly NodeId[] = []): string {
  const critical = new Set(criticalPath);
  const names = nodeNames(plan);
  const lines = ["digraph plan {", "  rankdir=LR; compound=true; node [shape=box];"];
  for (const [index, layer] of plan.layers.entries()) {
    lines.push(`  subgraph cluster_${index} {`, `    label=${quoteDot(`${layer.name} (${layer.executionMode})`)};`);
    lines.push(`    L${index} [shape=point, style=invis];`);
    for (const node of plan.nodes.filter((candidate) => candidate.layerId === layer.id)) {
      const look = node.skip ? ", style=dashed" : critical.has(node.id) ? ", penwidth=3" : "";
      lines.push(`    ${names.get(node.id)} [label=${quoteDot(label(node))}${look}];`);
    }
    lines.push("  }");
  }
  for (const [index, layer] of plan.layers.entries()) {
    for (const gate of layer.gates) {
      const from = layerIndex(plan, gate);
      lines.push(`  L${from} -> L${index} [ltail=cluster_${from}, lhead=cluster_${index}, style=bold];`);
    }
  }
  for (const node of plan.nodes) {
    for (const need of node.needs) lines.push(`  ${names.get(need)} -> ${names.get(node.id)};`);
  }
  for (const [index, { name, layers }] of neededServices(plan).entries()) {
    lines.push(`  S${index} [label=${quoteDot(name)}, shape=cylinder];`);
    for (const layer of layers)
      lines.push(`  S${index} -> L${layer} [lhead=cluster_${layer}, style=dotted, dir=none];`);
  }
  return [...lines, "}"].join("\n");
}

/** Each service that a layer needs, with the positions of those layers. */
function neededServices({ layers }: Plan): { readonly name: string; readonly layers: readonly number[] }[] {
  const names = new Set(layers.flatMap(({ needs }) => needs?.services ?? []));
  return [...names].map((name) => ({
    name,
    layers: [...layers.keys()].filter((index) => layers[index]?.needs?.services.includes(name)),
  }));
}

/** Identifiers that both languages accept, whatever characters the ids have. */
function nodeNames(plan: Plan): Map<string, string> {
  return new Map(plan.nodes.map((node, index) => [node.id, `N${index}`]));
}

function layerIndex(plan: Plan, id: string): number {
  return plan.layers.findIndex((layer) => layer.id === id);
}

function label(node: PlanNode): string {
  if (node.skip) return `${node.id} (${node.skip.cause})`;
  return node.timeoutMs === undefined ? node.id : `${node.id} (${formatDuration(node.timeoutMs)})`;
}

function escapeMermaid(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function quoteDot(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
