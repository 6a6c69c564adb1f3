/**
 * What it costs to follow a run: events per second that the fold behind the screens takes in, for runs of more and more categories and
 * for one category of very many tests. The floor reads each event's time and counts its type, as any reader of a stream must.
 */
import { RunFold } from "@netra-apex/progress";
import { eventsOf } from "./recorded-events.mjs";

const rounds = Number(process.argv[2] ?? 5);

for (const { categories, tests } of [
  { categories: 1, tests: 100_000 },
  { categories: 1_000, tests: 10 },
  { categories: 5_000, tests: 10 },
  { categories: 10_000, tests: 10 },
  { categories: 50_000, tests: 1 },
]) {
  const events = eventsOf(categories, tests);
  const fold = best(() => follow(events));
  const floor = best(() => glance(events));
  const perSecond = Math.round(events.length / fold / 10) * 10_000;
  console.log(
    `progress fold of ${categories} × ${tests} tests: ${fold.toFixed(0)} ms for ${events.length} events, ` +
      `${perSecond.toLocaleString("en")} events/s, ${(fold / floor).toFixed(2)} × the floor`,
  );
}

function follow(events) {
  const fold = new RunFold();
  for (const event of events) fold.apply(event);
  if (fold.view.done.nodes === 0) throw new Error("nothing was followed");
}

function glance(events) {
  const types = new Map();
  let latest = 0;
  for (const event of events) {
    latest = Math.max(latest, Date.parse(event.at));
    types.set(event.type, (types.get(event.type) ?? 0) + 1);
  }
  if (latest === 0) throw new Error("nothing was read");
}

function best(run) {
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  });
  return Math.min(...times);
}
