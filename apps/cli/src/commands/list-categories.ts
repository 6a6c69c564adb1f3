import { type Config, commandText } from "@netra-apex/core";

/** `--list-categories`: every category, where it runs and by which command. */
export function listCategories(config: Config, json: boolean): string {
  const rows = [...config.categories.values()].map((category) => ({
    name: category.name,
    layers: [...config.layers.values()]
      .filter((layer) => layer.placements.some((placement) => placement.category === category.name))
      .map((layer) => layer.id),
    configured: category.command !== undefined,
    command: category.command && commandText(category.command),
    origin: category.origin,
    reason: category.missing,
  }));
  if (json) return JSON.stringify(rows, undefined, 2);
  const nameWidth = Math.max(...rows.map((row) => row.name.length));
  const layerWidth = Math.max(...rows.map((row) => row.layers.join(", ").length));
  return rows
    .map(
      (row) =>
        `${row.name.padEnd(nameWidth)}  ${row.layers.join(", ").padEnd(layerWidth)}  ${row.command ?? "not configured"}`,
    )
    .join("\n");
}
