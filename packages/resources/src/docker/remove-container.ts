import { setTimeout } from "node:timers/promises";
import type { AskLimits } from "../instance.ts";
import { type DockerEngine, unlessAbsent } from "./docker-engine.ts";
import { EngineError } from "./engine-error.ts";

/** What a slow engine may take for itself, beside what a container takes to stop. */
const graceMs = 20_000;
/** A container's own time to stop is waited for up to this. */
const longestOwnMs = 120_000;

/** How a container is stopped. */
export interface StopContainerOptions {
  /** Before it is killed, in milliseconds; its own when absent. */
  readonly stopTimeoutMs?: number | undefined;
  /** Nobody waits for that any longer. */
  readonly killNow?: AbortSignal | undefined;
}

/**
 * Stops a container and removes it with its anonymous volumes; that it is not there is fine. An engine that does not answer in
 * time is asked again. Rejects with an `EngineError` when it is left.
 */
export async function removeContainer(
  engine: DockerEngine,
  container: string,
  options: StopContainerOptions,
): Promise<void> {
  await stopContainer(engine, container, options);
  const limits: AskLimits = { deadlineMs: graceMs, signal: new AbortController().signal };
  for (let tries = 1; ; tries += 1) {
    try {
      await engine
        .ask(limits, (client, abortSignal) =>
          client.getContainer(container).remove({ v: true, force: true, abortSignal }),
        )
        .catch(unlessAbsent);
      if ((await engine.inspect(container, limits)) === undefined) return;
      // Under way, by whoever asked for it before.
    } catch (error) {
      const isOver = tries >= 3 || !(error instanceof EngineError) || error.problem === "engine-absent";
      if (isOver) throw error;
    }
    if (tries >= 50) throw new EngineError("engine-failed", `${engine.title} does not remove ${container}`);
    await setTimeout(100);
  }
}

/** Stops a container, which is killed after a while; one that is paused goes on before. Never rejects. */
export async function stopContainer(
  engine: DockerEngine,
  container: string,
  { stopTimeoutMs, killNow }: StopContainerOptions,
): Promise<void> {
  const { signal } = new AbortController();
  const quick: AskLimits = { deadlineMs: 5_000, signal };
  // In a hurry it is not asked any longer: its removal kills it.
  const patient: AskLimits = { deadlineMs: (stopTimeoutMs ?? longestOwnMs) + graceMs, signal: killNow ?? signal };
  try {
    if (killNow?.aborted) return;
    const facts = await engine.inspect(container, quick);
    if (!facts?.State.Running) return;
    if (facts.State.Paused) await engine.ask(quick, (client) => client.getContainer(container).unpause());
    const t = stopTimeoutMs === undefined ? {} : { t: Math.max(0, Math.ceil(stopTimeoutMs / 1_000)) };
    await engine.ask(patient, (client, abortSignal) => client.getContainer(container).stop({ ...t, abortSignal }));
  } catch {
    // Removal by force does without, and says what is wrong.
  }
}
