import type { Environment, EnvironmentReading, MissingResource, Outcome, SurroundingsEvent } from "@netra-apex/core";
import { compareReadings } from "../environments/compare-readings.ts";
import { readEnvironmentNow } from "../environments/read-environment-now.ts";
import { TokenSource } from "../environments/token-source.ts";

interface EnvironmentWatchOptions {
  readonly projectRoot: string;
  readonly report: (event: SurroundingsEvent) => void;
  readonly onSecret?: (secret: string) => void;
}

/** What a layer gets of its environment. */
export interface EnvironmentAnswer {
  readonly env: Readonly<Record<string, string>>;
  readonly missing: readonly MissingResource[];
}

/** What a look at an environment may take, in milliseconds. */
const lookMs = 20_000;

/** The deployed environment that a run is against: looked at before its first layer and after its last one. */
export class EnvironmentWatch {
  readonly #environment: Environment | undefined;
  readonly #options: EnvironmentWatchOptions;
  readonly #tokens: TokenSource | undefined;
  #start: EnvironmentReading | undefined;

  constructor(environment: Environment | undefined, options: EnvironmentWatchOptions) {
    this.#environment = environment;
    this.#options = options;
    const { projectRoot, onSecret = () => undefined } = options;
    this.#tokens =
      environment?.auth &&
      new TokenSource({ environment: environment.name, auth: environment.auth, projectRoot, onSecret });
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
      this.#start ? undefined : this.#read(environment, signal),
      this.#tokens?.tokenFor({ signal, ...(layerBudgetMs === undefined ? {} : { layerBudgetMs }) }),
    ]);
    const unobtained = token?.kind === "missing" ? token.missing : undefined;
    const { baseUrl } = environment;
    return {
      missing: [unread, unobtained].filter((missing) => missing !== undefined),
      env: {
        ...(baseUrl === undefined ? {} : { BASE_URL: baseUrl }),
        ...(token?.kind === "token" ? { [token.variable]: token.token } : {}),
      },
    };
  }

  /** What a pass is worth when the environment is not any more what it was; nothing where it is, or was never looked at. */
  async review(signal: AbortSignal): Promise<Extract<Outcome, { status: "inconclusive" }> | undefined> {
    const [environment, before] = [this.#environment, this.#start];
    if (!environment || !before) return undefined;
    const after = await readEnvironmentNow(environment, { deadlineMs: lookMs, signal });
    if (after?.kind !== "read") {
      const reason = after ? after.missing.reason : "its health is not known";
      return { status: "inconclusive", reason: `${environment.name} is gone: ${reason}` };
    }
    this.#tell(environment, "end", after.reading);
    const change = compareReadings(environment.name, before, after.reading);
    return change === undefined ? undefined : { status: "inconclusive", reason: change };
  }

  async #read(environment: Environment, signal: AbortSignal): Promise<MissingResource | undefined> {
    const look = await readEnvironmentNow(environment, { deadlineMs: lookMs, signal });
    if (look?.kind === "missing") return look.missing;
    if (!look || this.#start) return undefined;
    this.#start = look.reading;
    this.#tell(environment, "start", look.reading);
    return undefined;
  }

  #tell({ name }: Environment, moment: "start" | "end", reading: EnvironmentReading): void {
    this.#options.report({ type: "environment_read", environment: name, moment, ...reading });
  }
}
