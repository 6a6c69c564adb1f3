import { formatDuration as formatLimit } from "@netra-apex/core";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { cleanLine } from "../../render/clean-text.ts";
import { formatDuration, formatElapsed } from "../../render/durations.ts";
import { outcomeSentence, statusWord } from "../../render/outcome-text.ts";
import { missingText } from "../../render/service-text.ts";
import { toneOf } from "../../report/html/outcome-badge.ts";
import type { LayerView } from "../../run-view.ts";
import { layerCounts, type LayerRow, layerRows, type NodeChoice } from "../model/layer-rows.ts";
import type { PageRun } from "../model/page-run.ts";
import { expectedOf, isLate, predictedOverrun } from "../model/prediction.ts";
import { budgetTone } from "../model/run-standing.ts";
import type { AppState } from "./app-state.ts";
import { Badge, Counts, Mark, nodeStatusWord, statusTone } from "./badge.tsx";
import { Choices, Search } from "./choices.tsx";
import { VirtualList } from "./virtual-list.tsx";

/** A list narrower than this has its rows in two lines. */
const twoLinesBelow = 520;

/** The layers in their order as cards, with their budgets and categories. */
export function LayersPane({ app, run }: { readonly app: AppState; readonly run: PageRun }): JSX.Element {
  const [status, setStatus] = useState<NodeChoice["status"]>("all");
  const [words, setWords] = useState("");
  const rows = layerRows(run.view, { status, words, closed: app.closedLayers });
  const nowMs = run.nowMs(app.clockMs);
  return (
    <>
      <div class="toolbar">
        <Search label="Filter categories" value={words} onChange={setWords} />
        <Choices
          label="Which categories"
          value={status}
          onChange={setStatus}
          options={[
            ["all", "All"],
            ["running", "Running"],
            ["broken", "Not passed"],
          ]}
        />
      </div>
      <VirtualList
        label="Layers and their categories"
        class="layers"
        count={rows.length}
        heightOf={(index, width) => heightOf(rows[index], width)}
        keyOf={(index) => keyOf(rows[index])}
        render={(index) => {
          const row = rows[index];
          return row && <Row app={app} run={run} row={row} nowMs={nowMs} />;
        }}
      />
    </>
  );
}

function heightOf(row: LayerRow | undefined, width: number): number {
  switch (row?.kind) {
    case undefined:
    case "gap":
      return 14;
    case "layer":
      return width < twoLinesBelow ? 104 : 84;
    case "nothing":
      return 36;
    case "node":
      return width < twoLinesBelow ? 52 : 36;
    default:
      return row satisfies undefined;
  }
}

function keyOf(row: LayerRow | undefined): string {
  if (!row) return "";
  return row.kind === "node" ? `node ${row.id}` : `${row.kind} ${row.kind === "layer" ? row.layer.id : row.layerId}`;
}

interface RowProps {
  readonly app: AppState;
  readonly run: PageRun;
  readonly row: LayerRow;
  readonly nowMs: number;
}

function Row({ app, run, row, nowMs }: RowProps): JSX.Element | null {
  switch (row.kind) {
    case "layer":
      return <LayerHead app={app} run={run} row={row} nowMs={nowMs} />;
    case "node":
      return <NodeRow app={app} run={run} row={row} nowMs={nowMs} />;
    case "nothing":
      return <div class="node-row none soft last">none of its categories</div>;
    case "gap":
      return null;
    default:
      return row satisfies never;
  }
}

function LayerHead({ app, run, row, nowMs }: RowProps & { readonly row: Extract<LayerRow, { kind: "layer" }> }) {
  const { layer, done, isOpen } = row;
  const { progress, nodeIds, budgetMs } = layer;
  const isRunning = progress.phase === "running";
  const tone = progress.phase === "finished" ? toneOf(progress.outcome.status) : isRunning ? "busy" : "idle";
  const word = progress.phase === "finished" ? statusWord(progress.outcome.status) : progress.phase;
  const elapsedMs = layerMs(layer, nowMs);
  const counts = layerCounts(layer, run.view);
  const why = whyNot(run, layer);
  const expectedMs = progress.phase === "finished" ? undefined : run.prediction.layersMs.get(layer.id);
  const isFailing = isRunning && counts.failed > 0;
  return (
    <div class={`layer-head ${isOpen && nodeIds.length > 0 ? "" : "last"}`}>
      <h2>
        <button type="button" class="fold" aria-expanded={isOpen} onClick={() => app.toggleLayer(layer.id)}>
          <span class="arrow" aria-hidden="true" />
          <span class="name">{cleanLine(layer.name, 80)}</span>
        </button>
      </h2>
      <Badge tone={isFailing ? "bad" : tone} word={isFailing ? "failing" : word} isBusy={isRunning} />
      <span class="time num">
        {elapsedMs !== undefined && (isRunning ? formatElapsed(elapsedMs) : formatDuration(elapsedMs))}
        {expectedMs !== undefined && (
          <Expected elapsedMs={elapsedMs} expectedMs={expectedMs} {...(budgetMs !== undefined && { budgetMs })} />
        )}
        {budgetMs !== undefined && (
          <span class={`soft ${expectedMs === undefined ? "" : "if-room"}`}>
            {expectedMs !== undefined ? ", budget " : elapsedMs === undefined ? "budget " : " of "}
            {formatLimit(budgetMs)}
          </span>
        )}
      </span>
      <Budget layer={layer} elapsedMs={elapsedMs ?? 0} expectedMs={expectedMs} />
      <span class="done soft">
        {done} of {nodeIds.length} {nodeIds.length === 1 ? "category" : "categories"}
        {why !== "" && ` · ${why}`}
      </span>
      <Counts counts={counts} />
    </div>
  );
}

/** How long something took before, beside the time that it has taken so far. */
function Expected(props: {
  readonly elapsedMs: number | undefined;
  readonly expectedMs: number;
  readonly budgetMs?: number;
}): JSX.Element {
  const { elapsedMs, expectedMs, budgetMs = Number.POSITIVE_INFINITY } = props;
  const isBad = expectedMs > budgetMs || (elapsedMs !== undefined && isLate(elapsedMs, expectedMs));
  const tone = isBad ? "warn-text" : "soft";
  return (
    <span class={tone} title="as long as it took before">
      {elapsedMs === undefined ? "~" : " of ~"}
      {formatElapsed(expectedMs)}
    </span>
  );
}

function Budget(props: {
  readonly layer: LayerView;
  readonly elapsedMs: number;
  readonly expectedMs: number | undefined;
}): JSX.Element {
  const { layer, elapsedMs, expectedMs } = props;
  const { budgetMs, name } = layer;
  if (budgetMs === undefined) return <div class="budget none" />;
  const share = Math.min(1, budgetMs > 0 ? elapsedMs / budgetMs : 1);
  const percent = Math.round((budgetMs > 0 ? elapsedMs / budgetMs : 1) * 100);
  const tone = budgetTone(elapsedMs, budgetMs);
  const isOver = expectedMs !== undefined && expectedMs > budgetMs;
  const foretold = isOver ? `, which is likely not enough` : "";
  const text = `${percent} % of the budget of ${formatLimit(budgetMs)} spent${foretold}`;
  return (
    <div
      class="budget"
      role="meter"
      aria-label={`Budget of ${cleanLine(name, 80)}`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.min(100, percent)}
      aria-valuetext={text}
      title={text}
    >
      <div class={`spent ${tone}`} style={{ transform: `scaleX(${share})` }} />
      {expectedMs !== undefined && (
        <div class="foretold" style={{ left: `${Math.min(1, budgetMs > 0 ? expectedMs / budgetMs : 1) * 100}%` }} />
      )}
    </div>
  );
}

/** Why a layer does not run, where there is a reason. */
function whyNot({ view }: PageRun, { id, progress }: LayerView): string {
  if (progress.phase === "finished") {
    return progress.outcome.status === "passed" ? "" : outcomeSentence(progress.outcome);
  }
  const wait = view.surroundings.waits.get(id);
  if (wait) return `waits: ${cleanLine(wait.reason, 120)}`;
  const missing = view.surroundings.missing.get(id)?.missing[0];
  return missing ? missingText(missing) : "";
}

function layerMs({ progress }: LayerView, nowMs: number): number | undefined {
  if (progress.phase === "waiting") return undefined;
  if (progress.phase === "finished" && progress.outcome.status === "skipped") return undefined;
  return progress.phase === "finished" ? progress.durationMs : Math.max(0, nowMs - progress.startedAtMs);
}

function NodeRow({ app, run, row, nowMs }: RowProps & { readonly row: Extract<LayerRow, { kind: "node" }> }) {
  const { id, status, running, finished, isLast, isPart } = row;
  const node = finished ?? running;
  const flaky = finished?.flaky === true;
  // Counts say it, too.
  const isSaid =
    finished?.outcome.status === "passed" || (finished?.outcome.status === "failed" && finished.counts.failed > 0);
  const hasFailed = running !== undefined && running.counts.failed > 0;
  const attempts = finished?.attempts ?? running?.attempt ?? 1;
  const limitMs = run.view.planNodes.get(id)?.timeoutMs;
  const expectedMs = finished ? undefined : expectedOf(run.view, id);
  const elapsedMs = running && Math.max(0, nowMs - running.startedAtMs);
  const overrun = finished ? undefined : predictedOverrun(run.view, id, running);
  const isChosen = app.place.panel === "category" && app.place.node === id;
  return (
    <button
      type="button"
      class={`node-row ${isLast ? "last" : ""} ${isPart ? "part" : ""} ${status === "waiting" ? "faint" : ""}`}
      aria-current={isChosen ? "true" : undefined}
      onClick={() => app.go({ panel: "category", node: id })}
    >
      <Mark tone={hasFailed ? "bad" : statusTone(status, flaky)} isBusy={status === "running"} />
      <span class="name">
        {cleanLine(id, 120)}
        <span class="visually-hidden"> {nodeStatusWord(status)}</span>
      </span>
      <span class="notes">
        {overrun !== undefined && <span class="note warn">{overrunText[overrun]}</span>}
        {attempts > 1 && <span class="note">attempt {attempts}</span>}
        {flaky && finished.counts.flaky === 0 && <span class="note warn">flaky</span>}
        {finished && !isSaid && (
          <span class="note plain" aria-hidden="true">
            {statusWord(finished.outcome.status)}
          </span>
        )}
        {status === "retrying" && (
          <span class="note warn" aria-hidden="true">
            waits to retry
          </span>
        )}
      </span>
      {node ? <Counts counts={node.counts} /> : <span class="counts" />}
      <span class="time num">
        {finished && finished.attempts > 0 && formatDuration(finished.durationMs)}
        {elapsedMs !== undefined && formatElapsed(elapsedMs)}
        {expectedMs !== undefined && <Expected elapsedMs={elapsedMs} expectedMs={expectedMs} />}
        {running && limitMs !== undefined && expectedMs === undefined && (
          <span class="soft"> / {formatLimit(limitMs)}</span>
        )}
      </span>
    </button>
  );
}

const overrunText = { limit: "likely over its limit", layer: "likely over the budget" } as const;
