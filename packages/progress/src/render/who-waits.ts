import type { RunView } from "../run-view.ts";
import type { WaitView } from "../service-view.ts";
import { cleanLine } from "./clean-text.ts";
import { layerName } from "./layer-line.ts";

/** A layer by its name, or a node with its layer. */
export function whoWaits(
  { layers }: Pick<RunView, "layers">,
  { layerId, nodeId }: Pick<WaitView, "layerId" | "nodeId">,
): string {
  const layer = layers.get(layerId);
  const name = layer ? layerName(layer) : cleanLine(layerId, 60);
  return nodeId === undefined ? name : `${cleanLine(nodeId, 60)} (${name})`;
}
