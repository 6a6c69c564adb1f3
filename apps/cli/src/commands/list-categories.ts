import { type Config, commandText, isConfigured } from "@netra-apex/core";

function how({ command, agent }: { readonly command: string | undefined; readonly agent: string | undefined }): string {
  return command ?? (agent === undefined ? "not configured" : `agent ${agent}`);
}

/** `--list-categories`: every category, where it runs and by which command. */
export function listCategories(config: Config, json: boolean): string {
  const rows = [...config.categories.values()].map((category) => ({
    name: category.name,
    layers: [...config.layers.values()]
      .filter((layer) => layer.placements.some((placement) => placement.category === category.name))
      .map((layer) => layer.id),
    configured: isConfigured(category),
    agent: category.agent?.name,
    command: category.command && commandText(category.command),
    origin: category.origin,
    reason: category.missing,
  }));
  if (json) return JSON.stringify(rows, undefined, 2);
  const nameWidth = Math.max(...rows.map((row) => row.name.length));
  const layerWidth = Math.max(...rows.map((row) => row.layers.join(", ").length));
  return rows
    .map((row) => `${row.name.padEnd(nameWidth)}  ${row.layers.join(", ").padEnd(layerWidth)}  ${how(row)}`)
    .join("\n");
}
