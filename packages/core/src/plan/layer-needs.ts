import type { Config } from "../config/config.ts";
import type { Service } from "../config/services/service.ts";
import type { Layer } from "../layers/layer.ts";
import type { PlanLayer } from "./plan.ts";
import type { Selection } from "./selection.ts";

/** What a layer needs that the config says how to look after; nothing where there is none of it. */
export function layerNeeds(
  layer: Layer,
  { services, environment }: Pick<Config, "services" | "environment">,
  selection: Pick<Selection, "realServices">,
): Pick<PlanLayer, "needs"> {
  const { requiredServices, requires, whenUnavailable, waitTimeoutMs, hasDedicatedResources: isDedicated } = layer;
  const needed = [...new Set(requiredServices)].filter((name) => {
    const service = services.get(name);
    return service !== undefined && isNeeded(service, environment, selection);
  });
  if (needed.length === 0 && !requires && !isDedicated) return {};
  return {
    needs: {
      services: needed,
      ...(requires ? { requires } : {}),
      whenUnavailable,
      waitTimeoutMs,
      ...(isDedicated ? { isDedicated } : {}),
    },
  };
}

function isNeeded(
  { when }: Service,
  environment: string,
  { realServices = false }: Pick<Selection, "realServices">,
): boolean {
  if (when?.realServices !== undefined && when.realServices !== realServices) return false;
  return when?.environments?.includes(environment) ?? true;
}
