import type { NodeEvidence } from "@netra-apex/core";
import type { JSX } from "preact";
import type { EarlierAttempt, FinishedNode, RunningNode } from "../../node-view.ts";
import { cleanLine, cleanTail } from "../../render/clean-text.ts";
import { formatDuration } from "../../render/durations.ts";
import { outcomeSentence } from "../../render/outcome-text.ts";
import { outageText } from "../../render/service-text.ts";
import { testTitle } from "../../render/test-title.ts";
import { toneOf } from "../../report/html/outcome-badge.ts";
import { Mark } from "./badge.tsx";
import { CopyLine } from "./copy-button.tsx";

/** Failed tests that are named of each earlier attempt. */
const namedTests = 20;

/** How often a category was tried, how that went, and what its verdict rests on. */
export function AttemptsView({ node }: { readonly node: FinishedNode | RunningNode | undefined }): JSX.Element {
  const evidence = node && "evidence" in node ? node.evidence : undefined;
  return (
    <div class="scroller" tabIndex={0} role="group" aria-label="Attempts and evidence">
      <h3>Attempts</h3>
      {!node && <p class="soft">It has not begun.</p>}
      <ol class="attempts">
        {node?.earlierAttempts.map((attempt) => (
          <Attempt key={attempt.attempt} attempt={attempt} />
        ))}
        {node && "outcome" in node && node.attempts > 0 && (
          <li>
            <Mark tone={toneOf(node.outcome.status)} /> Attempt {node.attempts}: {outcomeSentence(node.outcome)}
          </li>
        )}
        {node && "startedAtMs" in node && (
          <li>
            <Mark tone={node.isBackingOff ? "warn" : "busy"} /> Attempt {node.attempt}
            {node.isBackingOff ? " follows soon" : " is running"}
          </li>
        )}
      </ol>
      <h3>Evidence</h3>
      {evidence ? <Evidence evidence={evidence} /> : <p class="soft">Told when the category has ended.</p>}
    </div>
  );
}

function Attempt({ attempt: { attempt, outcome, failedTests, evidence } }: { readonly attempt: EarlierAttempt }) {
  return (
    <li>
      <Mark tone={toneOf(outcome.status)} /> Attempt {attempt}: {outcomeSentence(outcome)}
      {failedTests.length > 0 && (
        <ul class="small">
          {failedTests.slice(0, namedTests).map((test, index) => (
            <li key={index}>{testTitle(test)}</li>
          ))}
          {failedTests.length > namedTests && <li>and {failedTests.length - namedTests} more</li>}
        </ul>
      )}
      {evidence?.logFile !== undefined && <p class="small soft mono">{cleanLine(evidence.logFile, 300)}</p>}
    </li>
  );
}

function Evidence({ evidence }: { readonly evidence: NodeEvidence }): JSX.Element {
  const { command, outputTail } = evidence;
  const tail = outputTail === undefined ? [] : cleanTail(outputTail, 30);
  return (
    <>
      {command !== undefined && <CopyLine text={cleanLine(command)} what="the command as it was run" />}
      <dl class="meta">
        {evidenceFacts(evidence).map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      {tail.length > 0 && (
        <>
          <h4>The end of its output</h4>
          <pre class="tail">{tail.join("\n")}</pre>
        </>
      )}
    </>
  );
}

function evidenceFacts(evidence: NodeEvidence): (readonly [name: string, value: string])[] {
  const { cwd, exitCode, signal, logFile, framework, usage, ended } = evidence;
  const facts: (readonly [string, string | undefined])[] = [
    ["Directory", cwd],
    ["Exit code", exitCode === undefined ? undefined : String(exitCode)],
    ["Signal", signal],
    ["Read by", framework],
    ["Whole output", logFile],
    ["Memory at most", usage && `${(usage.peakMemoryBytes / 1_048_576).toFixed(0)} MiB`],
    ["CPU time", usage && formatDuration(usage.cpuMs)],
    ["Memory limit", evidence.limits?.memory?.enforcement],
    ["CPU limit", evidence.limits?.cpu?.enforcement],
    ["Isolation", evidence.isolation],
    ["Ended by", ended && `${ended.by} after ${formatDuration(ended.afterMs)}`],
    ["Left over, ended", evidence.leaked?.join(", ")],
    ["Overdue, ended", evidence.overdue?.join(", ")],
    ["Survived", evidence.survivors?.join(", ")],
    ...(evidence.suspicions ?? []).map(
      ({ message, isDecisive }) => [isDecisive ? "Proves nothing" : "Doubt", message] as const,
    ),
    ...(evidence.outages ?? []).map((outage) => ["Outage", outageText(outage)] as const),
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, cleanLine(value)] as const],
  );
}
