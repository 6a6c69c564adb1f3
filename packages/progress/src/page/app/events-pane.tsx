import type { RunEventType } from "@netra-apex/core";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { cleanLine } from "../../render/clean-text.ts";
import { timeOfDay } from "../../render/service-text.ts";
import type { EventLine } from "../model/event-line.ts";
import type { PageRun } from "../model/page-run.ts";
import { Search } from "./choices.tsx";
import { VirtualList } from "./virtual-list.tsx";

/** The latest events of the run as they came: by type, searched, or held to be read. */
export function EventsPane({ run }: { readonly run: PageRun }): JSX.Element {
  const [type, setType] = useState<RunEventType | "all">("all");
  const [words, setWords] = useState("");
  const [held, setHeld] = useState<readonly EventLine[]>();
  const [follows, setFollows] = useState(true);
  const events = held ?? run.events;
  const wanted = words.trim().toLowerCase();
  const shown = events.filter(
    (event) =>
      (type === "all" || event.type === type) &&
      (wanted === "" || `${event.type} ${event.nodeId ?? ""} ${event.text}`.toLowerCase().includes(wanted)),
  );
  const types = [...new Set(run.events.map((event) => event.type))].sort();
  return (
    <>
      <div class="toolbar">
        <Search label="Search events" value={words} onChange={setWords} />
        <label>
          <span class="visually-hidden">Type of event</span>
          <select value={type} onChange={({ currentTarget }) => setType(currentTarget.value as RunEventType | "all")}>
            <option value="all">All types</option>
            {types.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          aria-pressed={held !== undefined}
          onClick={() => setHeld(held ? undefined : [...run.events])}
        >
          Pause
        </button>
      </div>
      <p class="small soft told">
        {shown.length === 1 ? "1 event" : `${shown.length} events`}
        {held ? ", paused" : ""}
      </p>
      <VirtualList
        label="Events"
        class="events"
        count={shown.length}
        heightOf={(_index, width) => (width < 520 ? 46 : 26)}
        keyOf={(index) => shown[index]?.seq ?? index}
        follows={follows && held === undefined}
        onFollow={held ? () => undefined : setFollows}
        render={(index) => {
          const event = shown[index];
          return event && <Line event={event} />;
        }}
      />
    </>
  );
}

function Line({ event: { seq, at, type, nodeId, text } }: { readonly event: EventLine }): JSX.Element {
  return (
    <div class="event-line mono">
      <span class="soft num">{seq}</span>
      <span class="soft">{timeOfDay(at)}</span>
      <span class="type">{cleanLine(type, 40)}</span>
      <span class="rest">
        {nodeId !== undefined && <b>{cleanLine(nodeId, 60)} </b>}
        <span class="soft">{cleanLine(text, 240)}</span>
      </span>
    </div>
  );
}
