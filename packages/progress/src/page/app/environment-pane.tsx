import type { JSX } from "preact";
import { cleanLine } from "../../render/clean-text.ts";
import { formatDuration, formatElapsed } from "../../render/durations.ts";
import { missingText, readingText, serviceOwnerWord, serviceStateWord, timeOfDay } from "../../render/service-text.ts";
import { whoWaits } from "../../render/who-waits.ts";
import { isAwaited, isServiceUp, type ServiceView } from "../../service-view.ts";
import type { AppState } from "./app-state.ts";
import type { PageRun } from "../model/page-run.ts";
import { Badge, type PageTone } from "./badge.tsx";
import { Sparkline } from "./sparkline.tsx";

/** What the tests stand on: services with their outages, what is waited for, this machine, and what else is to be known. */
export function EnvironmentPane({ app, run }: { readonly app: AppState; readonly run: PageRun }): JSX.Element {
  const { services, waits, missing, environments } = run.view.surroundings;
  const nowMs = run.nowMs(app.clockMs);
  return (
    <div class="scroller" tabIndex={0} role="group" aria-label="Services and surroundings">
      <Notices run={run} />
      <h2>Services</h2>
      {services.size === 0 && <p class="soft">The run has told of no services.</p>}
      <ul class="cards">
        {[...services.values()].map((service) => (
          <Service key={service.name} service={service} nowMs={nowMs} />
        ))}
      </ul>
      {run.pastOutages.length > 0 && (
        <>
          <h3>Outages that are over</h3>
          <ul class="plain">
            {run.pastOutages.map(({ service, lastUpAt, durationMs, reason }, index) => (
              <li key={index}>
                <b>{cleanLine(service, 60)}</b> was down for {formatDuration(durationMs)} from {timeOfDay(lastUpAt)}
                <span class="soft"> {cleanLine(reason)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {missing.size > 0 && (
        <>
          <h3>Missing</h3>
          <ul class="plain">
            {[...missing].flatMap(([layerId, view]) =>
              view.missing.map((one, index) => (
                <li key={`${layerId} ${index}`}>
                  <b>{whoWaits(run.view, { layerId })}</b> needs {missingText(one)}
                </li>
              )),
            )}
          </ul>
        </>
      )}
      {waits.size > 0 && (
        <>
          <h3>Waiting</h3>
          <ul class="plain">
            {[...waits].map(([key, wait]) => (
              <li key={key}>
                <b>{whoWaits(run.view, wait)}</b> waits {formatElapsed(nowMs - wait.sinceMs)}: {cleanLine(wait.reason)}
              </li>
            ))}
          </ul>
        </>
      )}
      {environments.size > 0 && (
        <>
          <h3>Environments</h3>
          <ul class="plain">
            {[...environments].map(([name, reading]) => (
              <li key={name}>
                <b>{cleanLine(name, 60)}</b> {readingText(reading)}
              </li>
            ))}
          </ul>
        </>
      )}
      <Machine run={run} />
    </div>
  );
}

function Service({ service, nowMs }: { readonly service: ServiceView; readonly nowMs: number }): JSX.Element {
  const { name, state, owner, address, reason, outage, sinceMs, startMs } = service;
  const isUp = isServiceUp(state);
  const facts = [
    owner !== undefined && serviceOwnerWord(owner),
    address !== undefined && cleanLine(address, 100),
    isUp && startMs !== undefined && owner === "started" && `up after ${formatDuration(startMs)}`,
    !outage && `${isUp ? "up" : "like this"} for ${formatElapsed(nowMs - sinceMs)}`,
  ];
  const why = outage?.reason ?? reason;
  return (
    <li class="card">
      <div class="line">
        <b>{cleanLine(name, 80)}</b>
        <Badge tone={serviceTone(service)} word={outage ? "down" : serviceStateWord(state)} />
      </div>
      <p class="small soft">{facts.filter((fact) => typeof fact === "string").join(" · ")}</p>
      {!isUp && why !== undefined && <p class="small">{cleanLine(why)}</p>}
      {outage && <p class="small soft">last seen up at {timeOfDay(outage.lastUpAt)}</p>}
    </li>
  );
}

function serviceTone(service: ServiceView): PageTone {
  if (service.outage) return "bad";
  if (isServiceUp(service.state)) return service.state === "running-unchecked" ? "idle" : "good";
  if (isAwaited(service)) return "busy";
  return service.state === "missing" || service.state === "exited" ? "idle" : "bad";
}

/** What apex itself took of the machine lately. */
function Machine({ run: { samples } }: { readonly run: PageRun }): JSX.Element | null {
  const last = samples.at(-1);
  if (!last) return null;
  return (
    <>
      <h2>This machine</h2>
      <div class="cards">
        <div class="card">
          <p class="small soft">CPU of apex</p>
          <p class="figure">{last.cpuPercent.toFixed(0)} %</p>
          <Sparkline label="CPU" values={samples.map(({ cpuPercent }) => cpuPercent)} />
        </div>
        <div class="card">
          <p class="small soft">Memory of apex</p>
          <p class="figure">{(last.memoryBytes / 1_048_576).toFixed(0)} MiB</p>
          <Sparkline label="Memory" values={samples.map(({ memoryBytes }) => memoryBytes)} />
        </div>
        <div class="card">
          <p class="small soft">Held back by limits</p>
          <p class="figure">{last.queueDepth}</p>
          <Sparkline label="Held back" values={samples.map(({ queueDepth }) => queueDepth)} />
        </div>
      </div>
    </>
  );
}

/** Alerts, faults of reporters, and what the plan says of itself. */
function Notices({ run }: { readonly run: PageRun }): JSX.Element | null {
  const { plan, failedReporters } = run.view;
  const bad = [
    ...run.alerts.values(),
    ...failedReporters.map(({ reporter, message }) => `the reporter ${reporter} is at fault: ${message}`),
  ];
  const notes = [
    ...(plan?.leftOut ?? []).map(({ id, reason }) => `${id} is left out: ${reason}`),
    ...(plan?.notes ?? []),
  ];
  if (bad.length + notes.length === 0) return null;
  return (
    <>
      <h2>To be known</h2>
      <ul class="plain">
        {bad.map((text, index) => (
          <li key={`bad ${index}`} class="bad-text">
            {cleanLine(text)}
          </li>
        ))}
        {notes.map((text, index) => (
          <li key={`note ${index}`}>{cleanLine(text)}</li>
        ))}
      </ul>
    </>
  );
}
