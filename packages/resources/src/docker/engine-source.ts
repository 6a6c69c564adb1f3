import type { AskLimits } from "../instance.ts";
import type { DockerEngine } from "./docker-engine.ts";
import type { EngineOptions } from "./engine-endpoints.ts";
import { findEngine } from "./find-engine.ts";

/** Gives an engine when one is needed. */
export interface EngineSource {
  /** Rejects with an `EngineError`, or the signal's reason. */
  engine(limits: AskLimits): Promise<DockerEngine>;
}

/** One engine for all who ask, looked for at the first question. That it was not there is not remembered. */
export function createEngineSource(options: EngineOptions = {}): EngineSource {
  let found: DockerEngine | undefined;
  return {
    async engine(limits) {
      if (found) return found;
      const engine = await findEngine(options, limits);
      found ??= engine;
      return found;
    },
  };
}
