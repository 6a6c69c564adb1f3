import { formatDuration as formatLimit, type NodeId } from "@netra-apex/core";
import type { JSX } from "preact";
import type { FinishedNode, RunningNode } from "../../node-view.ts";
import { cleanLine } from "../../render/clean-text.ts";
import { formatDuration, formatElapsed } from "../../render/durations.ts";
import { outcomeSentence } from "../../render/outcome-text.ts";
import { expectedOf, predictedOverrun } from "../model/prediction.ts";
import type { PageRun } from "../model/page-run.ts";
import { AttemptsView } from "./attempts-view.tsx";
import type { AppState } from "./app-state.ts";
import { Badge, Counts, nodeStatusWord, statusTone } from "./badge.tsx";
import { OutputView } from "./output-view.tsx";
import { Tabs } from "./tabs.tsx";
import { TestsView } from "./tests-view.tsx";

/** A category in full: its tests, its output, its attempts and what proves its verdict. */
export function CategoryPane(props: {
  readonly app: AppState;
  readonly run: PageRun;
  readonly id: NodeId;
}): JSX.Element {
  const { app, run, id } = props;
  const { view } = run;
  const running = view.running.get(id);
  const finished = finishedNode(run, id);
  const layerId = view.planNodes.get(id)?.layerId ?? running?.layerId ?? finished?.layerId;
  const layer = layerId === undefined ? undefined : view.layers.get(layerId);
  const status = finished?.outcome.status ?? (running ? (running.isBackingOff ? "retrying" : "running") : "waiting");
  const node = finished ?? running;
  const isFailing = status === "running" && running !== undefined && running.counts.failed > 0;
  const overrun = finished ? undefined : predictedOverrun(view, id, running);
  const { tab } = app.place;
  return (
    <div class="category">
      <div class="category-head">
        <div class="line">
          <h2>{cleanLine(id, 120)}</h2>
          <Badge
            tone={isFailing ? "bad" : statusTone(status, finished?.flaky)}
            word={isFailing ? "failing" : nodeStatusWord(status)}
            isBusy={status === "running"}
          />
        </div>
        <p class="small soft facts-line">
          {layer && <span>{cleanLine(layer.name, 60)}</span>}
          <span>{timeText(run, id, { running, finished, clockMs: app.clockMs })}</span>
          {overrun === "limit" && <span class="warn-text">took longer before than its limit is</span>}
          {overrun === "layer" && <span class="warn-text">likely to end after its layer's budget</span>}
          {finished?.flaky && <span class="warn-text">flaky: passed only on a retry</span>}
          {running && <Processes run={run} id={id} />}
        </p>
        {finished && finished.outcome.status !== "passed" && <p class="reason">{outcomeSentence(finished.outcome)}</p>}
        {node && <Counts counts={node.counts} />}
      </div>
      <Tabs
        label={`About ${cleanLine(id, 80)}`}
        panelId="about"
        value={tab}
        onChange={(value) => app.go({ tab: value })}
        tabs={[
          { value: "tests", name: "Tests" },
          { value: "output", name: "Output" },
          { value: "attempts", name: "Attempts" },
        ]}
      />
      <div class="tab-panel" role="tabpanel" id="about" aria-labelledby={`about-${tab}`}>
        {tab === "tests" && <TestsView key={id} run={run} id={id} />}
        {tab === "output" && <OutputView key={id} run={run} id={id} />}
        {tab === "attempts" && <AttemptsView node={node} />}
      </div>
    </div>
  );
}

function finishedNode({ view }: PageRun, id: NodeId): FinishedNode | undefined {
  const layerId = view.planNodes.get(id)?.layerId;
  const layers = layerId === undefined ? [...view.layers.values()] : [view.layers.get(layerId)];
  for (const layer of layers) {
    const found = layer?.finished.find((node) => node.id === id);
    if (found) return found;
  }
  return undefined;
}

function timeText(
  run: PageRun,
  id: NodeId,
  {
    running,
    finished,
    clockMs,
  }: {
    readonly running: RunningNode | undefined;
    readonly finished: FinishedNode | undefined;
    readonly clockMs: number;
  },
): string {
  if (running) {
    const limitMs = run.view.planNodes.get(running.id)?.timeoutMs;
    const expectedMs = expectedOf(run.view, id);
    const elapsed = formatElapsed(Math.max(0, run.nowMs(clockMs) - running.startedAtMs));
    const usual = expectedMs === undefined ? "" : ` of ~${formatElapsed(expectedMs)}`;
    const limit = limitMs === undefined ? "" : `${usual === "" ? " of " : ", limit "}${formatLimit(limitMs)}`;
    return `${elapsed}${usual}${limit}, attempt ${running.attempt}`;
  }
  if (!finished || finished.attempts === 0) {
    const expectedMs = finished ? undefined : expectedOf(run.view, id);
    return expectedMs === undefined ? "has not run" : `has not run, took ${formatElapsed(expectedMs)} before`;
  }
  return `${formatDuration(finished.durationMs)}, ${finished.attempts === 1 ? "1 attempt" : `${finished.attempts} attempts`}`;
}

function Processes({ run, id }: { readonly run: PageRun; readonly id: NodeId }): JSX.Element | null {
  const sample = run.processes.get(id);
  if (!sample) return null;
  const { processes, cpuPercent, memoryBytes } = sample;
  return (
    <span>
      {processes === 1 ? "1 process" : `${processes} processes`}, {cpuPercent.toFixed(0)} % CPU,{" "}
      {(memoryBytes / 1_048_576).toFixed(0)} MiB
    </span>
  );
}
