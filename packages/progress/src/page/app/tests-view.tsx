import type { NodeId } from "@netra-apex/core";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { cleanLine } from "../../render/clean-text.ts";
import { formatDuration } from "../../render/durations.ts";
import { testTitle } from "../../render/test-title.ts";
import { testTone } from "../../report/html/outcome-badge.ts";
import { placeOf } from "../model/failures.ts";
import type { TestChoice, TestRow } from "../model/node-tests.ts";
import type { PageRun } from "../model/page-run.ts";
import { Mark } from "./badge.tsx";
import { Choices, Search } from "./choices.tsx";
import { MessageText } from "./message-text.tsx";
import { VirtualList } from "./virtual-list.tsx";

/** The tests of a category: filtered, the failed ones or the slowest first, each with what it said. */
export function TestsView({ run, id }: { readonly run: PageRun; readonly id: NodeId }): JSX.Element {
  const [choice, setChoice] = useState<TestChoice>({ status: "all", words: "", order: "failed-first" });
  const [openId, setOpenId] = useState<string>();
  const tests = run.tests.get(id);
  const rows = useMemo(() => tests?.choose(choice) ?? [], [tests, tests?.version, choice]);
  const open = openId === undefined ? undefined : rows.find(({ test }) => test.id === openId);
  const root = run.view.plan?.projectRoot;
  return (
    <>
      <div class="toolbar">
        <Search label="Filter tests" value={choice.words} onChange={(words) => setChoice({ ...choice, words })} />
        <Choices
          label="Which tests"
          value={choice.status}
          onChange={(status) => setChoice({ ...choice, status })}
          options={[
            ["all", "All"],
            ["failed", "Failed"],
            ["flaky", "Flaky"],
            ["skipped", "Skipped"],
          ]}
        />
        <label class="order">
          <span class="visually-hidden">Order</span>
          <select
            value={choice.order}
            onChange={({ currentTarget }) =>
              setChoice({ ...choice, order: currentTarget.value as TestChoice["order"] })
            }
          >
            <option value="failed-first">Failed first</option>
            <option value="slowest">Slowest first</option>
          </select>
        </label>
      </div>
      <p class="small soft told">{listText(run, rows, tests?.left ?? 0)}</p>
      <VirtualList
        label="Tests"
        class="tests"
        count={rows.length}
        heightOf={() => 44}
        keyOf={(index) => rows[index]?.test.id.concat(` ${index}`) ?? index}
        render={(index) => {
          const row = rows[index];
          if (!row) return null;
          const isOpen = row === open;
          return (
            <Test row={row} root={root} isOpen={isOpen} onOpen={() => setOpenId(isOpen ? undefined : row.test.id)} />
          );
        }}
      />
      {open && <TestDetail row={open} root={root} onClose={() => setOpenId(undefined)} />}
    </>
  );
}

function listText({ isCondensed }: PageRun, rows: readonly TestRow[], left: number): string {
  const shown = rows.length === 1 ? "1 test" : `${rows.length} tests`;
  const notKept = left > 0 ? `; ${left} more passed and are only counted` : "";
  const before = isCondensed ? "; of those before this page joined, the passed ones are only counted" : "";
  return `${shown}${notKept}${before}`;
}

interface TestProps {
  readonly row: TestRow;
  readonly root: string | undefined;
}

function Test({ row, root, isOpen, onOpen }: TestProps & { readonly isOpen: boolean; readonly onOpen: () => void }) {
  const { test, attempt } = row;
  const isFlaky = test.flaky === true;
  const place = placeOf(test, root);
  return (
    <button type="button" class="test-row" aria-expanded={isOpen} onClick={onOpen}>
      <Mark tone={testTone(test.status, isFlaky)} />
      <span class="name">
        <span class="visually-hidden">{test.status}: </span>
        {cleanLine(test.name, 200)}
      </span>
      <span class="where soft">
        {[...test.suites, ...(place === undefined ? [] : [place])].map((part) => cleanLine(part, 160)).join(" › ")}
      </span>
      <span class="notes">
        {attempt > 1 && <span class="note">attempt {attempt}</span>}
        {isFlaky && <span class="note warn">flaky</span>}
      </span>
      <span class="time num soft">{formatDuration(test.durationMs)}</span>
    </button>
  );
}

function TestDetail({ row, root, onClose }: TestProps & { readonly onClose: () => void }): JSX.Element {
  const { test } = row;
  const place = placeOf(test, root);
  const text = test.details ?? test.message ?? "";
  return (
    <section class="test-detail" aria-label="The chosen test">
      <div class="line">
        <h3>{testTitle(test)}</h3>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <p class="small soft">
        {test.status}, {formatDuration(test.durationMs)}
        {place !== undefined && <span class="mono"> {cleanLine(place, 300)}</span>}
      </p>
      {text === "" ? <p class="small soft">It said nothing more.</p> : <MessageText text={text} />}
    </section>
  );
}
