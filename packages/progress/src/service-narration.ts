import type { LayerId, RunEvent, RunEventOf } from "@netra-apex/core";
import { cleanLine } from "./render/clean-text.ts";
import { formatDuration, formatElapsed } from "./render/durations.ts";
import type { Palette } from "./render/palette.ts";
import {
  environmentChange,
  missingName,
  missingText,
  readingText,
  readyText,
  serviceStateWord,
  timeOfDay,
} from "./render/service-text.ts";
import { whoWaits } from "./render/who-waits.ts";
import type { RunView } from "./run-view.ts";
import { isAwaited, isServiceUp, type ServiceView, waitKey } from "./service-view.ts";

/** A wait is told from here on, and what came of it. */
const longWaitMs = 5_000;

/** Between two times that the same wait is told. */
const waitAgainMs = 60_000;

/** Tells what the tests stand on: in one line for a layer whose services came up quickly, in more where something is amiss. */
export class ServiceNarration {
  readonly #palette: Palette;
  readonly #verbose: boolean;
  /** Services whose coming up has been told. */
  readonly #toldReady = new Set<string>();
  /** Services that have come up, to be told together. */
  readonly #ready = new Set<string>();
  /** When each wait was told last. */
  readonly #toldWaits = new Map<string, number>();
  /** By layer: what was told to be missing while it waits. */
  readonly #toldMissing = new Map<string, string>();

  constructor(palette: Palette, { verbose }: { readonly verbose: boolean }) {
    this.#palette = palette;
    this.#verbose = verbose;
  }

  /** What an event adds; `view` is the view after it. */
  tell(view: RunView, event: RunEvent): string[] {
    switch (event.type) {
      case "service_state_changed":
        return this.#state(view, event);
      case "service_outage_started":
        this.#toldReady.add(event.service);
        return [
          this.#service(
            event.service,
            `${this.#palette.bad("down")} since ${timeOfDay(event.lastUpAt)}: ${cleanLine(event.reason)}`,
          ),
        ];
      case "service_outage_ended":
        this.#toldReady.add(event.service);
        this.#ready.delete(event.service);
        return [
          this.#service(event.service, `${this.#palette.good("up again")} after ${formatDuration(event.durationMs)}`),
        ];
      case "resources_missing":
        return event.policy === "wait" ? this.#awaitsMissing(view, event) : [];
      case "resources_granted":
        this.#toldWaits.delete(`wait ${waitKey(event)}`);
        return event.waitedMs < longWaitMs
          ? []
          : [this.#note(`${whoWaits(view, event)} goes on after it waited ${formatDuration(event.waitedMs)}`)];
      case "environment_read":
        return this.#environment(view, event);
      case "layer_started":
        return this.#readyTogether(view, event.layerId);
      default:
        return [];
    }
  }

  /** What has been waited for long enough to be told; `nowMs` is on the time scale of the events. */
  tellWaiting(view: RunView, nowMs: number): string[] {
    if (view.summary) return [];
    const { services, waits } = view.surroundings;
    const isDue = (key: string, sinceMs: number): boolean => {
      const toldMs = this.#toldWaits.get(key);
      if (toldMs === undefined ? nowMs - sinceMs < longWaitMs : nowMs - toldMs < waitAgainMs) return false;
      this.#toldWaits.set(key, nowMs);
      return true;
    };
    const awaited = [...services.values()].filter(
      (service) => isAwaited(service) && isDue(`service ${service.name}`, service.sinceMs),
    );
    const waiting = [...waits.values()].filter((wait) => isDue(`wait ${waitKey(wait)}`, wait.sinceMs));
    return [
      ...awaited.map((service) => `waiting for ${awaitedText(service, nowMs)}`),
      ...waiting.map(
        (wait) =>
          `waiting: ${whoWaits(view, wait)} for ${formatElapsed(nowMs - wait.sinceMs)}: ${cleanLine(wait.reason)}`,
      ),
    ];
  }

  #state(view: RunView, { service: name, to, durationMs }: RunEventOf<"service_state_changed">): string[] {
    const service = view.surroundings.services.get(name);
    if (!service) return [];
    if (!isServiceUp(to)) {
      // One that is stopped in order may come up again for another layer.
      if (!service.outage && to !== "starting") this.#toldReady.delete(name);
      this.#ready.delete(name);
      return [];
    }
    const wasAwaited = this.#toldWaits.delete(`service ${name}`);
    if (this.#toldReady.has(name) || service.outage) return [];
    if (!this.#verbose && !wasAwaited && (durationMs ?? 0) < longWaitMs) {
      this.#ready.add(name);
      return [];
    }
    this.#toldReady.add(name);
    return [this.#service(name, readyText(service))];
  }

  /** Those that the layer needs, and those that no layer names, for services need each other. */
  #readyTogether({ plan, surroundings }: RunView, layerId: LayerId): string[] {
    const needs = new Map(plan?.layers.map((layer) => [layer.id, layer.needs?.services ?? []]));
    const named = new Set([...needs.values()].flat());
    const own = needs.get(layerId) ?? [];
    const names = [...this.#ready].filter((name) => own.includes(name) || !named.has(name));
    for (const name of names) {
      this.#toldReady.add(name);
      this.#ready.delete(name);
    }
    const ready = names.flatMap((name) => surroundings.services.get(name) ?? []);
    if (ready.length === 0) return [];
    const groups = new Map<string, ServiceView[]>();
    for (const service of ready) {
      const end = readyWord(service);
      groups.set(end, [...(groups.get(end) ?? []), service]);
    }
    const parts = [...groups].map(([word, services]) => {
      const shown = services.map(({ name }) => cleanLine(name, 60)).join(", ");
      const slowestMs = Math.max(...services.map(({ startMs = -1 }) => startMs));
      return `${shown} ${word}${slowestMs < 0 || word === reused || word === foreign ? "" : ` in ${formatDuration(slowestMs)}`}`;
    });
    return [`${this.#palette.dim("services")}  ${parts.join(" · ")}`];
  }

  #awaitsMissing(view: RunView, { layerId, missing }: RunEventOf<"resources_missing">): string[] {
    // It is looked at again and again, and the numbers in the reasons change.
    const names = missing.map(missingName).join("; ");
    if (this.#toldMissing.get(layerId) === names) return [];
    this.#toldMissing.set(layerId, names);
    return [`waiting: ${whoWaits(view, { layerId })} for ${missing.map(missingText).join("; ")}`];
  }

  #environment({ surroundings }: RunView, event: RunEventOf<"environment_read">): string[] {
    const name = `environment ${cleanLine(event.environment, 60)}`;
    if (event.moment === "start") return [this.#note(`${name}: ${readingText(event)}`)];
    const start = surroundings.environments.get(event.environment);
    const change = start && environmentChange(start, event);
    return change === undefined
      ? []
      : [`${this.#palette.warn("warning")}  ${name} has changed during the run: ${change}`];
  }

  #service(name: string, text: string): string {
    return `${this.#palette.dim("service")}  ${cleanLine(name, 60)}  ${text}`;
  }

  #note(text: string): string {
    return `${this.#palette.dim("note")}  ${text}`;
  }
}

const reused = "reused";
const foreign = "there, not ours";

/** How a service that is ready is told among others. */
function readyWord({ state, owner }: ServiceView): string {
  if (state !== "healthy") return serviceStateWord(state);
  return owner === "reused" ? reused : owner === "foreign" ? foreign : "up";
}

function awaitedText({ name, state, reason, sinceMs }: ServiceView, nowMs: number): string {
  return `${cleanLine(name, 60)}: ${cleanLine(reason ?? serviceStateWord(state))} (${formatElapsed(nowMs - sinceMs)})`;
}
