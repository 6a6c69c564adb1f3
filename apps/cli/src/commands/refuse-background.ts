import { type Config, type Plan, SelectionError } from "@netra-apex/core";

/** Layers of the background queue are not quietly run in the foreground instead. Throws `SelectionError`. */
export function refuseBackground(config: Config, plan: Plan): void {
  if (plan.runMode === undefined) return;
  const background = plan.layers.filter((layer) => config.layers.get(layer.id)?.isBackground).map((layer) => layer.id);
  if (background.length === 0) return;
  throw new SelectionError(
    `run mode ${plan.runMode} puts ${background.join(", ")} into the background queue, which this version does not have`,
    {
      hint: `run it in the foreground: apex --layers ${background.join(" ")}`,
    },
  );
}
