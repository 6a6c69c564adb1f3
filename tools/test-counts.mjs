/**
 * What the three kinds of test runs report, brought to one form.
 *
 * @typedef {{ passed: number, failed: number, skipped: string[] }} TestCounts `skipped` are the titles of the skipped
 *   and the todo tests
 */

/**
 * Counts a report of vitest's JSON reporter. A file that could not be loaded, or broke outside its tests, is one
 * failure.
 *
 * @param {string} report
 * @returns {TestCounts}
 */
export function countVitest(report) {
  const counts = { passed: 0, failed: 0, skipped: [] };
  for (const file of JSON.parse(report).testResults) {
    for (const test of file.assertionResults) add(counts, test.status, test.fullName);
    const isExplained = file.assertionResults.some((test) => test.status === "failed");
    if (file.status === "failed" && !isExplained) counts.failed += 1;
  }
  return counts;
}

/**
 * Counts the lines of tools/node-test-lines.mjs.
 *
 * @param {string} lines
 * @returns {TestCounts}
 */
export function countNodeTest(lines) {
  const counts = { passed: 0, failed: 0, skipped: [] };
  for (const { status, title } of parseLines(lines)) add(counts, status, title);
  return counts;
}

/**
 * Counts the event stream of a run of apex; its last attempt decides what became of a test. A category that a condition
 * kept from running is one skipped title.
 *
 * @param {string} lines newline-delimited JSON, as `--progress-mode json` writes it
 * @returns {TestCounts & { failures: string[], exitCode: number } | undefined} undefined when the run did not complete
 */
export function countApexRun(lines) {
  const events = parseLines(lines);
  const summary = events.findLast((event) => event.type === "run_completed")?.summary;
  if (!summary) return undefined;
  const tests = new Map();
  for (const { type, nodeId, test } of events) {
    if (type === "test_completed") tests.set(`${nodeId}: ${test.id}`, test);
  }
  const skipped = [...tests].filter(([, test]) => test.status === "skipped" || test.status === "todo");
  const left = events.filter((event) => event.type === "node_completed" && event.outcome.cause === "condition");
  const failed = [...tests].filter(([, test]) => test.status === "failed" || test.status === "errored");
  const broken = events.filter(
    (event) => event.type === "node_completed" && !["passed", "skipped"].includes(event.outcome.status),
  );
  return {
    passed: summary.counts.passed,
    failed: summary.counts.failed,
    skipped: [...skipped.map(([title]) => title), ...left.map((node) => `${node.nodeId}: ${node.outcome.reason}`)],
    failures: [
      ...failed.map(([title, test]) => `${title}\n${test.message ?? ""}`),
      ...broken.map((node) => `${node.nodeId} ${node.outcome.status}\n${node.evidence?.outputTail ?? ""}`),
    ],
    exitCode: summary.exitCode,
  };
}

function add(counts, status, title) {
  if (status === "passed") counts.passed += 1;
  else if (status === "failed") counts.failed += 1;
  else counts.skipped.push(title);
}

/** A line that was cut off when its writer was ended is left out; what it would have said shows in the exit code. */
function parseLines(lines) {
  return lines.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}
