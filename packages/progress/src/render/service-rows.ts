import { cleanLine } from "./clean-text.ts";
import { formatElapsed } from "./durations.ts";
import type { Palette } from "./palette.ts";
import { fitLine, type Segment, segmentsWidth } from "./segments.ts";
import { serviceStateWord } from "./service-text.ts";
import { spinnerAt } from "./spinner.ts";
import { whoWaits } from "./who-waits.ts";
import type { RunView } from "../run-view.ts";
import { isAwaited, isServiceUp, type ServiceView } from "../service-view.ts";

/** What the rows depend on beside the run. */
export interface ServiceFrame {
  /** On the time scale of the events. */
  readonly nowMs: number;
  readonly tick: number;
  readonly columns: number;
  readonly palette: Palette;
}

const label = "services  ";

/** Services that get a line of their own. */
const mostListed = 6;

/**
 * What tests stand on right now: a line of the services, those that are not there first, and a line for each who waits for what
 * others have. Those that are up are counted where there is no room for their names. Empty when there is nothing to tell.
 */
export function serviceRows(
  view: RunView,
  frame: ServiceFrame,
  { isRunning }: { readonly isRunning: boolean },
): string[] {
  const { columns, palette } = frame;
  const all = [...view.surroundings.services.values()];
  const amiss = all.filter((service) => service.outage !== undefined || isAwaited(service));
  // Nobody needs to know that all is well while nothing runs.
  const up = isRunning || amiss.length > 0 ? all.filter(({ state, outage }) => !outage && isServiceUp(state)) : [];
  const waits = [...view.surroundings.waits.values()].map((wait) =>
    fitLine(
      [
        { text: "waits", style: palette.warn },
        { text: `  ${whoWaits(view, wait)}  ${formatElapsed(frame.nowMs - wait.sinceMs)}` },
        { text: `  ${cleanLine(wait.reason)}`, style: palette.dim },
      ],
      columns,
    ),
  );
  if (amiss.length + up.length === 0) return waits;
  const troubled = amiss.map((service) => amissPart(service, frame));
  const calm = up.map((service) => upPart(service, palette));
  const whole = line([...troubled, ...calm], palette);
  if (segmentsWidth(whole) <= columns) return [fitLine(whole, columns), ...waits];
  const short = line([...troubled, ...countedPart(up, palette)], palette);
  if (segmentsWidth(short) <= columns || troubled.length === 1) return [fitLine(short, columns), ...waits];
  return [...listed(troubled, countedPart(up, palette), frame), ...waits];
}

/** One below the other, where they have more to say than a line holds. */
function listed(
  troubled: readonly (readonly Segment[])[],
  up: readonly (readonly Segment[])[],
  { columns, palette }: ServiceFrame,
): string[] {
  const more = troubled.length - mostListed;
  const rest = [...(more > 0 ? [[{ text: `${more} more`, style: palette.warn }]] : []), ...up];
  const rows = [...troubled.slice(0, mostListed).map((part) => [part]), ...(rest.length > 0 ? [rest] : [])];
  return rows.map((parts, index) => {
    const [head, ...list] = line(parts, palette);
    return fitLine([index === 0 && head ? head : { text: " ".repeat(label.length) }, ...list], columns);
  });
}

function line(parts: readonly (readonly Segment[])[], palette: Palette): Segment[] {
  const list = parts.flatMap((part, index) => (index > 0 ? [{ text: " · ", style: palette.dim }, ...part] : part));
  return [{ text: label, style: palette.strong }, ...list];
}

function amissPart(
  { name, state, reason, outage, sinceMs }: ServiceView,
  { nowMs, tick, palette }: ServiceFrame,
): Segment[] {
  const why = outage?.reason ?? reason;
  const forMs = nowMs - (outage ? Date.parse(outage.lastUpAt) : sinceMs);
  const word = outage ? "down" : serviceStateWord(state);
  const mark = outage
    ? { text: "✗", style: palette.bad }
    : state === "starting"
      ? { text: spinnerAt(tick) }
      : { text: "○", style: palette.warn };
  return [
    mark,
    { text: ` ${cleanLine(name, 40)} ` },
    { text: word, ...(outage && { style: palette.bad }) },
    { text: ` ${formatElapsed(forMs)}${why === undefined ? "" : `: ${cleanLine(why)}`}`, style: palette.dim },
  ];
}

function upPart({ name, state }: ServiceView, palette: Palette): Segment[] {
  return [
    upMark(state, palette),
    { text: ` ${cleanLine(name, 40)} ` },
    { text: serviceStateWord(state), style: palette.dim },
  ];
}

/** Nothing says of what is unchecked that it is well. */
function upMark(state: ServiceView["state"], palette: Palette): Segment {
  return state === "running-unchecked" ? { text: "!", style: palette.warn } : { text: "✓", style: palette.good };
}

function countedPart(up: readonly ServiceView[], palette: Palette): Segment[][] {
  const checked = up.filter(({ state }) => state !== "running-unchecked").length;
  const parts: [count: number, state: ServiceView["state"], word: string][] = [
    [checked, "healthy", "up"],
    [up.length - checked, "running-unchecked", "unchecked"],
  ];
  return parts.flatMap(([count, state, word]) =>
    count > 0 ? [[upMark(state, palette), { text: ` ${count} ${word}` }]] : [],
  );
}
