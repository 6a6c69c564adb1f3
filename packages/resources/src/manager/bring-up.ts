import {
  describeThrown,
  type MissingResource,
  type Service,
  type ServiceHealth,
  type ServiceOwner,
  type ServiceState,
} from "@netra-apex/core";
import type { AskLimits, ProvisionContext, ServiceInstance, ServiceProvider } from "../instance.ts";
import type { NotReady, Probe, ServiceProblem } from "../probes/probe.ts";
import { ServiceError } from "../service-error.ts";
import { waitUntilReady, type WaitResult } from "../wait/wait-until-ready.ts";
import type { InstanceRegistry } from "../instances/instance-registry.ts";
import { describeUse, otherUses } from "../instances/service-use.ts";
import { inStartTurn } from "../instances/start-turn.ts";
import { lastWords } from "./last-words.ts";
import { addressOfPlace, probeOfInstance, readyState, runningProbe, stateOfProblem, usualHealth } from "./readiness.ts";

/** A change of a service, as its users are told of it. */
export interface ServiceChange {
  readonly service: string;
  readonly from?: ServiceState;
  readonly to: ServiceState;
  readonly owner?: ServiceOwner;
  readonly reason?: string;
  readonly address?: string;
  readonly durationMs?: number;
}

/** A service that can be used. */
export interface UpService {
  readonly service: Service;
  readonly instance: ServiceInstance;
  /** None where nothing tells whether it is ready. */
  readonly probe?: Probe;
  readonly state: ServiceState;
  readonly version?: string;
  /** It took the place of one that somebody has left up on purpose, and stays up like that. */
  readonly isInPlaceOfKept?: boolean;
}

/** What else there is to know of how a service is brought up. */
export interface BringUpOptions {
  readonly context: ProvisionContext;
  /** Where it is kept what was started. */
  readonly registry: InstanceRegistry;
  /** Called as soon as it is used that others may use, too. */
  readonly onUse: () => void;
  readonly forceRecreate: boolean;
  /** Keeps the output of one that is about to be stopped. */
  readonly keepLog?: ((service: string, instance: ServiceInstance) => Promise<void>) | undefined;
  readonly onChange?: (change: Omit<ServiceChange, "from">) => void;
}

/** Problems that waiting does not mend where nobody here starts the service. */
const hopeless: ReadonlySet<ServiceProblem> = new Set([
  "not-started",
  "unknown-host",
  "other-program",
  "wrong-version",
  "refused",
  "cannot-look",
  "ended",
]);

/** A name may be resolvable, and a port open, a moment later; longer than this nobody who starts nothing waits in vain. */
const patienceWithOthersMs = 1_000;

/**
 * Finds a service or starts it, and waits until it is ready. What was started and does not become ready is stopped again. Never
 * rejects: why it cannot be used is a result.
 */
export async function bringUp(
  service: Service,
  provider: ServiceProvider,
  options: BringUpOptions,
): Promise<UpService | MissingResource> {
  const startedMs = performance.now();
  const { name } = service;
  const tell = (change: Omit<ServiceChange, "service" | "from">): void =>
    options.onChange?.({ service: name, ...change });
  let instance: ServiceInstance | undefined;
  let isInPlaceOfKept = false;
  try {
    const { context, registry } = options;
    // What stays up is there for others, who may come to it at this moment.
    const find = (): Promise<ServiceInstance | undefined> =>
      findOrStart(service, provider, options, () => (isInPlaceOfKept = true));
    instance = await inStartTurn(registry, service, context, find);
  } catch (error) {
    if (options.context.signal.aborted) return missing(service, "it is not wanted any more");
    const reason = describeThrown(error);
    tell({ to: "missing", reason });
    return missing(service, reason, error instanceof ServiceError ? error.fix : undefined);
  }
  if (!instance) {
    const reason = "it is not there, and start: never leaves it to somebody else to start it";
    tell({ to: "missing", reason });
    return missing(service, reason, `start it, or remove start: never from services.${name}`);
  }
  const { owner } = instance;
  const address = addressOfPlace(instance.place);
  const known = { owner, ...(address === undefined ? {} : { address }) };
  tell({ to: "starting", ...known });
  const readiness = await untilReady(service, instance, options);
  if (readiness.outcome === "ready") {
    const { state, version, probe } = readiness;
    const holder = owner === "foreign" ? (await instance.status(quickly())).reason : undefined;
    tell({
      to: state,
      ...known,
      durationMs: Math.round(performance.now() - startedMs),
      // Whose it is that was found there is worth knowing.
      ...(holder === undefined ? {} : { reason: holder }),
    });
    return {
      service,
      instance,
      state,
      ...(probe ? { probe } : {}),
      ...(version === undefined ? {} : { version }),
      ...(isInPlaceOfKept ? { isInPlaceOfKept } : {}),
    };
  }
  const failure = await describeFailure(service, instance, readiness);
  tell({ to: stateOfProblem(readiness.problem), ...known, reason: failure.reason });
  if (owner === "started") {
    await options.keepLog?.(name, instance);
    await stopQuietly(instance, options.context);
  }
  return failure;
}

async function findOrStart(
  service: Service,
  provider: ServiceProvider,
  { context, forceRecreate, registry, onUse }: BringUpOptions,
  onReplaced: () => void,
): Promise<ServiceInstance | undefined> {
  const found = await provider.find(service, context);
  if (found && !(forceRecreate && found.owner === "reused")) {
    if (found.owner === "reused") onUse();
    return found;
  }
  // What was left up goes now, and what was left up of another config goes when this one starts.
  refuseWhileUsed(service, { registry, context });
  await found?.stop();
  if (service.start === "never") return undefined;
  context.signal.throwIfAborted();
  const started = await provider.start(service, found ? { ...context, keep: true } : context);
  if (found) onReplaced();
  if (context.keep || found) onUse();
  if (!context.signal.aborted) return started;
  await stopQuietly(started, context);
  throw context.signal.reason;
}

/** Nobody takes a service away from under the tests of another run. */
function refuseWhileUsed(
  { name, start }: Service,
  { registry, context: { projectRoot } }: Pick<BringUpOptions, "registry" | "context">,
): void {
  if (start === "never") return;
  const [use] = otherUses(registry, { projectRoot, service: name });
  if (!use) return;
  const message = `it is up with another config, or is to be made anew, and ${describeUse(use)} uses it`;
  throw new ServiceError(name, message, { fix: `wait for that to end, or end it: kill ${use.process.pid}` });
}

type Readiness =
  | { readonly outcome: "ready"; readonly state: ServiceState; readonly probe?: Probe; readonly version?: string }
  | { readonly outcome: "not-ready"; readonly problem: ServiceProblem; readonly reason: string };

async function untilReady(
  service: Service,
  instance: ServiceInstance,
  { context }: BringUpOptions,
): Promise<Readiness> {
  const { isOneShot } = service;
  const health: Omit<ServiceHealth, "check"> = service.health ?? usualHealth;
  const probe = probeOfInstance(service, instance, context);
  const giveUp = new AbortController();
  let hopelessSinceMs: number | undefined;
  let last: NotReady | undefined;
  const result = await waitUntilReady({
    probe: probe ?? runningProbe(instance),
    health,
    signal: AbortSignal.any([context.signal, giveUp.signal]),
    isOneShot,
    onResult: (look) => {
      last = look.isReady ? undefined : look;
      // What apex has started may still mend itself.
      if (instance.owner !== "foreign") return;
      if (look.isReady || !hopeless.has(look.problem)) hopelessSinceMs = undefined;
      else hopelessSinceMs ??= performance.now();
      if (hopelessSinceMs !== undefined && performance.now() - hopelessSinceMs >= patienceWithOthersMs) giveUp.abort();
    },
    // Of what nobody here runs nothing is known but what its probe says.
    ...(instance.owner === "foreign" ? {} : { status: (limits) => instance.status(limits) }),
  });
  return readinessOf(result, { isOneShot, last, ...(probe ? { probe } : {}) });
}

function readinessOf(
  result: WaitResult,
  {
    probe,
    isOneShot,
    last,
  }: { readonly probe?: Probe; readonly isOneShot: boolean; readonly last: NotReady | undefined },
): Readiness {
  switch (result.outcome) {
    case "ready": {
      const state = readyState({ isOneShot }, probe);
      const { version } = result;
      return { outcome: "ready", state, ...(probe ? { probe } : {}), ...(version === undefined ? {} : { version }) };
    }
    case "not-ready":
      return result;
    case "aborted":
      return last
        ? { outcome: "not-ready", problem: last.problem, reason: last.detail }
        : { outcome: "not-ready", problem: "cannot-look", reason: "it is not wanted any more" };
    default:
      return result satisfies never;
  }
}

async function describeFailure(
  service: Service,
  instance: ServiceInstance,
  { problem, reason }: Extract<Readiness, { outcome: "not-ready" }>,
): Promise<MissingResource> {
  const isOurs = instance.owner !== "foreign";
  const output = isOurs ? lastWords(await instance.output(quickly())) : undefined;
  const why = problem === "ended" || !isOurs ? reason : `not ready within ${secondsOf(service)}: ${reason}`;
  return { ...missing(service, why, fixFor(service, problem, isOurs)), ...(output === undefined ? {} : { output }) };
}

function quickly(): AskLimits {
  return { deadlineMs: 2_000, signal: new AbortController().signal };
}

function secondsOf(service: Service): string {
  const { deadlineMs }: Omit<ServiceHealth, "check"> = service.health ?? usualHealth;
  return `${deadlineMs / 1_000} s`;
}

function fixFor({ name, provider }: Service, problem: ServiceProblem, isOurs: boolean): string | undefined {
  if (isOurs)
    return problem === "ended" ? undefined : `apex services up ${name}, or a longer services.${name}.health.deadline`;
  if (problem === "other-program") return `end what listens there, or change the address of services.${name}`;
  if (problem !== "not-started") return undefined;
  return provider.kind === "external"
    ? `start it, or give services.${name} a command or an image`
    : `apex services up ${name}`;
}

function missing({ name }: Service, reason: string, fix?: string): MissingResource {
  return { kind: "service", name, reason, ...(fix === undefined ? {} : { fix }) };
}

/** It has failed already; what is left of it is found by `apex services doctor`. */
async function stopQuietly(instance: ServiceInstance, { say }: ProvisionContext): Promise<void> {
  await instance.stop().catch((error: unknown) => say?.(describeThrown(error)));
}
