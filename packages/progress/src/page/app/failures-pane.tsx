import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { KeptTest } from "../../node-view.ts";
import { cleanLine, cleanTail } from "../../render/clean-text.ts";
import { outcomeSentence } from "../../render/outcome-text.ts";
import { testTitle } from "../../render/test-title.ts";
import { type NodeFailure, placeOf } from "../model/failures.ts";
import type { PageRun } from "../model/page-run.ts";
import type { AppState } from "./app-state.ts";
import { Mark } from "./badge.tsx";
import { CopyLine } from "./copy-button.tsx";
import { MessageText } from "./message-text.tsx";

/** Failed tests that are shown at first, and with each wish for more. */
const shownAtOnce = 100;

/** What failed, by category, with what it takes to run exactly that again. */
export function FailuresPane(props: {
  readonly app: AppState;
  readonly run: PageRun;
  readonly failures: readonly NodeFailure[];
}): JSX.Element {
  const { app, run, failures } = props;
  const [limit, setLimit] = useState(shownAtOnce);
  if (failures.length === 0) {
    const isOver = run.view.summary !== undefined;
    return (
      <div class="scroller empty" tabIndex={0} role="group" aria-label="Failures">
        <p>{isOver ? "Nothing failed." : "Nothing has failed so far."}</p>
        <p class="soft small">What fails appears here at once, with the command that runs it again.</p>
      </div>
    );
  }
  const shown = withinLimit(failures, limit);
  const isMore =
    shown.length < failures.length ||
    shown.some(({ tests }, index) => tests.length < (failures[index]?.tests.length ?? 0));
  return (
    <div class="scroller" tabIndex={0} role="group" aria-label="Failures">
      {shown.map((failure) => (
        <CategoryFailures key={failure.id} app={app} run={run} failure={failure} />
      ))}
      {isMore && (
        <button type="button" class="more" onClick={() => setLimit(limit + shownAtOnce)}>
          Show more failures
        </button>
      )}
    </div>
  );
}

function withinLimit(failures: readonly NodeFailure[], limit: number): NodeFailure[] {
  const shown: NodeFailure[] = [];
  let left = limit;
  for (const failure of failures) {
    if (left <= 0) break;
    shown.push({ ...failure, tests: failure.tests.slice(0, left) });
    left -= Math.max(1, failure.tests.length);
  }
  return shown;
}

function CategoryFailures(props: { readonly app: AppState; readonly run: PageRun; readonly failure: NodeFailure }) {
  const { app, run, failure } = props;
  const { id, outcome, tests, failedTests, outputTail, rerun } = failure;
  const hidden = failedTests - tests.length;
  const tail = outputTail === "" ? [] : cleanTail(outputTail, 20);
  return (
    <section class="failure" aria-label={`Failures of ${cleanLine(id, 80)}`}>
      <h2>
        <button type="button" class="link" onClick={() => app.go({ panel: "category", node: id })}>
          {cleanLine(id, 80)}
        </button>
        <span class="soft small">{outcome ? outcomeSentence(outcome) : "still running"}</span>
      </h2>
      {tests.length > 0 && (
        <ul class="failed-tests">
          {tests.map((test, index) => (
            <FailedTest key={index} test={test} root={run.view.plan?.projectRoot} />
          ))}
        </ul>
      )}
      {hidden > 0 && tests.length > 0 && <p class="soft small">and {hidden} more failed tests</p>}
      {tail.length > 0 && <pre class="tail">{tail.join("\n")}</pre>}
      {rerun !== undefined && <CopyLine text={rerun} what={`the command that reruns ${cleanLine(id, 80)}`} />}
    </section>
  );
}

function FailedTest({ test, root }: { readonly test: KeptTest; readonly root: string | undefined }): JSX.Element {
  const place = placeOf(test, root);
  return (
    <li>
      <p class="test-title">
        <Mark tone="bad" /> <b>{testTitle(test)}</b>
      </p>
      {place !== undefined && <p class="place mono soft">{cleanLine(place, 300)}</p>}
      {test.message !== undefined && test.message !== "" && <MessageText text={test.message} />}
    </li>
  );
}
