import type { Environment, EnvironmentReading, MissingResource, Outcome, SurroundingsEvent } from "@netra-apex/core";
import { compareReadings } from "../environments/compare-readings.ts";
import { readEnvironmentNow } from "../environments/read-environment-now.ts";
import { TokenSource } from "../environments/token-source.ts";

interface EnvironmentWatchOptions {
  readonly report: (event: SurroundingsEvent) => void;
  readonly onSecret?: (secret: string) => void;
}

/** What a layer gets of its environment. */
export interface EnvironmentAnswer {
  readonly env: Readonly<Record<string, string>>;
  readonly missing: readonly MissingResource[];
}

/** The deployed environment that a run is against: looked at before its first layer and after its last one. */
export class EnvironmentWatch {
  readonly #environment: Environment | undefined;
  readonly #options: EnvironmentWatchOptions;
  readonly #tokens: TokenSource | undefined;
  #start: EnvironmentReading | undefined;

  constructor(environment: Environment | undefined, options: EnvironmentWatchOptions) {
    this.#environment = environment;
    this.#options = options;
    const { onSecret } = options;
    this.#tokens = environment?.auth && new TokenSource(environment.auth, onSecret ? { onSecret } : {});
  }

  /** What tests need to know of it; what of it is not there. */
  async prepare({
    layerBudgetMs,
    signal,
  }: {
    readonly layerBudgetMs?: number;
    readonly signal: AbortSignal;
  }): Promise<EnvironmentAnswer> {
    const environment = this.#environment;
    if (!environment) return { env: {}, missing: [] };
    const [unread, token] = await Promise.all([
      this.#start ? undefined : this.#read(environment, "start", signal),
      this.#tokens?.tokenFor({ signal, ...(layerBudgetMs === undefined ? {} : { layerBudgetMs }) }),
    ]);
    const missing = [...(unread ? [unread] : []), ...(token && "kind" in token ? [token] : [])];
    const { baseUrl, auth } = environment;
    return {
      missing,
      env: {
        ...(baseUrl === undefined ? {} : { BASE_URL: baseUrl }),
        ...(token && "token" in token && auth ? { [auth.variable]: token.token } : {}),
      },
    };
  }

  /** What a pass is worth when the environment is not any more what it was; nothing where it is, or was never looked at. */
  async review(signal: AbortSignal): Promise<Extract<Outcome, { status: "inconclusive" }> | undefined> {
    const [environment, before] = [this.#environment, this.#start];
    if (!environment || !before) return undefined;
    const after = await readEnvironmentNow(environment, signal);
    if ("kind" in after) return { status: "inconclusive", reason: `${environment.name} is gone: ${after.reason}` };
    this.#tell(environment, "end", after);
    const change = compareReadings(before, after);
    return change === undefined
      ? undefined
      : { status: "inconclusive", reason: `${environment.name} changed during the run: ${change}` };
  }

  async #read(environment: Environment, moment: "start", signal: AbortSignal): Promise<MissingResource | undefined> {
    if (!environment.health) return undefined;
    const reading = await readEnvironmentNow(environment, signal);
    if ("kind" in reading) return reading;
    this.#start ??= reading;
    this.#tell(environment, moment, reading);
    return undefined;
  }

  #tell({ name }: Environment, moment: "start" | "end", reading: EnvironmentReading): void {
    this.#options.report({ type: "environment_read", environment: name, moment, ...reading });
  }
}
