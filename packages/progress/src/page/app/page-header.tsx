import { formatDuration as formatLimit } from "@netra-apex/core";
import type { JSX } from "preact";
import { cleanLine } from "../../render/clean-text.ts";
import { formatDuration, formatElapsed } from "../../render/durations.ts";
import { runCounts } from "../model/layer-rows.ts";
import type { PageRun } from "../model/page-run.ts";
import { isLate } from "../model/prediction.ts";
import { budgetTone, type RunStanding } from "../model/run-standing.ts";
import type { AppState } from "./app-state.ts";
import { Badge } from "./badge.tsx";
import { ConnectionNote } from "./connection-note.tsx";

/** How the run stands at a glance: verdict so far, time, counts, and whether this is live. */
export function PageHeader(props: {
  readonly app: AppState;
  readonly run: PageRun | undefined;
  readonly standing: RunStanding | undefined;
}): JSX.Element {
  const { app, run, standing } = props;
  const plan = run?.view.plan;
  const about = [plan?.environment, plan?.runMode].filter((part) => part !== undefined).join(" · ");
  return (
    <header class="top">
      <div class="title">
        {standing && <Badge tone={standing.tone} word={standing.word} isLarge />}
        <div class="what">
          <h1>{plan ? projectName(plan.projectRoot) : "apex"}</h1>
          <p class="soft small">
            {about !== "" && <span>{cleanLine(about, 80)}</span>}
            <RunChoice app={app} run={run} />
          </p>
        </div>
        <ConnectionNote app={app} run={run} />
      </div>
      {run && standing && <Facts app={app} run={run} standing={standing} />}
      {run && standing && <Progress run={run} standing={standing} />}
    </header>
  );
}

function projectName(root: string): string {
  return cleanLine(root.split(/[/\\]/).findLast((part) => part !== "") ?? root, 60);
}

/** The runs of the thread; nothing to choose where there is one. */
function RunChoice({ app, run }: { readonly app: AppState; readonly run: PageRun | undefined }): JSX.Element | null {
  const runs = [...app.book.runs.values()];
  if (!run) return null;
  if (runs.length < 2) return <span class="mono">{cleanLine(run.id, 60)}</span>;
  return (
    <label>
      <span class="visually-hidden">Run</span>
      <select value={run.id} onChange={({ currentTarget }) => app.go({ run: currentTarget.value, panel: "layers" })}>
        {runs.map(({ id, view }) => (
          <option key={id} value={id}>
            {cleanLine(id, 60)} {view.summary ? `(${view.summary.outcome.status})` : "(running)"}
          </option>
        ))}
      </select>
    </label>
  );
}

function Facts({
  app,
  run,
  standing,
}: {
  readonly app: AppState;
  readonly run: PageRun;
  readonly standing: RunStanding;
}): JSX.Element {
  const { view } = run;
  const elapsedMs = view.summary?.durationMs ?? Math.max(0, run.nowMs(app.clockMs) - view.startedAtMs);
  const budgetMs = view.plan?.budgetMs;
  const { total, passed, failed, skipped, flaky } = runCounts(view);
  const isOver = view.summary !== undefined;
  const near = budgetMs === undefined ? "good" : budgetTone(elapsedMs, budgetMs);
  const tone = near === "good" ? "" : `${near}-text`;
  const expectedMs = isOver ? undefined : run.prediction.runMs;
  return (
    <dl class="facts">
      <div>
        <dt>
          {isOver ? "Took" : "Elapsed"}
          {expectedMs !== undefined && budgetMs !== undefined && `, budget ${formatLimit(budgetMs)}`}
        </dt>
        <dd class={tone}>
          {isOver ? formatDuration(elapsedMs) : formatElapsed(elapsedMs)}
          {expectedMs !== undefined && (
            <small class={isLate(elapsedMs, expectedMs) ? "warn-text" : ""} title="as long as it took before">
              {" "}
              of ~{formatElapsed(expectedMs)}
            </small>
          )}
          {expectedMs === undefined && budgetMs !== undefined && <small> of {formatLimit(budgetMs)}</small>}
        </dd>
      </div>
      <div>
        <dt>Categories</dt>
        <dd>
          {standing.done}
          <small> of {standing.total}</small>
        </dd>
      </div>
      <div>
        <dt>Tests</dt>
        <dd>{total}</dd>
      </div>
      <div>
        <dt>Passed</dt>
        <dd class={passed > 0 ? "good-text" : ""}>{passed}</dd>
      </div>
      <div>
        <dt>Failed</dt>
        <dd class={failed > 0 ? "bad-text" : ""}>{failed}</dd>
      </div>
      <div>
        <dt>Skipped</dt>
        <dd>{skipped}</dd>
      </div>
      <div>
        <dt>Flaky</dt>
        <dd class={flaky > 0 ? "warn-text" : ""}>{flaky}</dd>
      </div>
    </dl>
  );
}

function Progress({ run, standing }: { readonly run: PageRun; readonly standing: RunStanding }): JSX.Element {
  const { done, total, tone } = standing;
  const share = total === 0 ? 0 : done / total;
  const bar = tone === "busy" ? "link" : tone;
  return (
    <div
      class="progress"
      role="progressbar"
      aria-label={`Categories of ${cleanLine(run.id, 60)} that have ended`}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done}
    >
      <div class={`spent ${bar}`} style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}
