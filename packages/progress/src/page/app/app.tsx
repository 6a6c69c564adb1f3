import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { cleanLine } from "../../render/clean-text.ts";
import { failureCount, nodeFailures } from "../model/failures.ts";
import type { PageRun } from "../model/page-run.ts";
import type { Panel } from "../model/place.ts";
import { runStanding } from "../model/run-standing.ts";
import type { AppState } from "./app-state.ts";
import { CategoryPane } from "./category-pane.tsx";
import { connectionText, nothingYet } from "./connection-note.tsx";
import { EnvironmentPane } from "./environment-pane.tsx";
import { EventsPane } from "./events-pane.tsx";
import { FailuresPane } from "./failures-pane.tsx";
import { LayersPane } from "./layers-pane.tsx";
import { PageHeader } from "./page-header.tsx";
import { Tabs } from "./tabs.tsx";
import { showInTab } from "./tab-sign.ts";

/** From here on, the layers stand beside what is looked at; below, they are one of the tabs. */
const wide = matchMedia("(min-width: 62rem)");

/** The whole page. */
export function App({ app }: { readonly app: AppState }): JSX.Element {
  const [, redraw] = useState({});
  const [isWide, setIsWide] = useState(wide.matches);
  useEffect(() => {
    const note = (): void => setIsWide(wide.matches);
    wide.addEventListener("change", note);
    app.onChange(() => redraw({}));
    return () => wide.removeEventListener("change", note);
  }, [app]);

  const { run } = app;
  const standing = run?.view.plan && runStanding(run);
  const failures = run ? nodeFailures(run) : [];
  const text = connectionText(app, run);
  // Where nothing is shown yet, that is said in its place.
  const isBannerDue = text.isGrave && run?.view.plan !== undefined;
  useEffect(() => showInTab(run, standing));

  return (
    <div class="app">
      <PageHeader app={app} run={run} standing={standing} />
      <div class={`banner ${text.tone}`} hidden={!isBannerDue}>
        {isBannerDue && text.more}
      </div>
      <div class="visually-hidden" role="status" aria-live="polite">
        {cleanLine(app.said)}
      </div>
      {run?.view.plan ? (
        <RunBody app={app} run={run} failures={failures} isWide={isWide} />
      ) : (
        <main class="nothing">
          <p class={text.isGrave ? `${text.tone}-text` : ""}>{text.isGrave ? text.more : nothingYet(app)}</p>
        </main>
      )}
    </div>
  );
}

function RunBody(props: {
  readonly app: AppState;
  readonly run: PageRun;
  readonly failures: ReturnType<typeof nodeFailures>;
  readonly isWide: boolean;
}): JSX.Element {
  const { app, run, failures, isWide } = props;
  const { node } = app.place;
  const panel: Panel = isWide && app.place.panel === "layers" ? "failures" : app.place.panel;
  const count = failureCount(failures);
  const { services } = run.view.surroundings;
  return (
    <main class="body">
      {isWide && (
        <section class="pane layers-pane" aria-label="Layers">
          <LayersPane app={app} run={run} />
        </section>
      )}
      <section class="pane" aria-label="Details">
        <Tabs<Panel>
          label="Details"
          panelId="panel"
          value={panel}
          onChange={(value) => app.go({ panel: value })}
          tabs={[
            ...(isWide ? [] : [{ value: "layers", name: "Layers" } as const]),
            { value: "failures", name: "Failures", count, isBad: count > 0 },
            ...(node === undefined ? [] : [{ value: "category", name: cleanLine(node, 24) } as const]),
            { value: "environment", name: "Services", ...(services.size > 0 && { count: services.size }) },
            { value: "events", name: "Events" },
          ]}
        />
        <div class="tab-panel" role="tabpanel" id="panel" aria-labelledby={`panel-${panel}`}>
          {panel === "layers" && <LayersPane app={app} run={run} />}
          {panel === "failures" && <FailuresPane key={run.id} app={app} run={run} failures={failures} />}
          {panel === "category" && node !== undefined && <CategoryPane app={app} run={run} id={node} />}
          {panel === "environment" && <EnvironmentPane app={app} run={run} />}
          {panel === "events" && <EventsPane key={run.id} run={run} />}
        </div>
      </section>
    </main>
  );
}
