import { formatDuration, formatSize } from "../../config/units.ts";
import type { LayerRequirements } from "../../layers/layer.ts";
import type { LayerNeeds } from "../plan.ts";

/**
 * What must be there before a layer starts, and what becomes of it otherwise:
 * `needs postgresql, redis · 2GiB of free memory · port 8080 free · waits up to 2m if missing, then fails`.
 */
export function needsText({ services, requires, isDedicated, whenUnavailable, waitTimeoutMs }: LayerNeeds): string {
  const needed = [...(services.length > 0 ? [services.join(", ")] : []), ...(requires ? requirements(requires) : [])];
  const policy = {
    fail: "fails if missing",
    skip: "left out if missing",
    wait: `waits up to ${formatDuration(waitTimeoutMs)} if missing, then fails`,
  }[whenUnavailable];
  return [
    ...(needed.length > 0 ? [`needs ${needed.join(" · ")}`, policy] : []),
    ...(isDedicated ? ["no other layer on this machine beside it"] : []),
  ].join(" · ");
}

function requirements({
  freeMemoryBytes,
  freeDiskBytes,
  ports = [],
  docker,
  credentials = [],
}: LayerRequirements): string[] {
  return [
    ...(freeMemoryBytes === undefined ? [] : [`${formatSize(freeMemoryBytes)} of free memory`]),
    ...(freeDiskBytes === undefined ? [] : [`${formatSize(freeDiskBytes)} of free disk`]),
    ...(ports.length === 0 ? [] : [`${ports.length === 1 ? "port" : "ports"} ${ports.join(", ")} free`]),
    ...(docker ? ["Docker"] : []),
    ...credentials,
  ];
}
