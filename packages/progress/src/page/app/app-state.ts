import type { LayerId } from "@netra-apex/core";
import { type ClientState, connect, type RunClient, type StreamItem } from "../../client/index.ts";
import { describeOutcome } from "@netra-apex/core";
import type { PageRun } from "../model/page-run.ts";
import { type Place, readPlace, writePlace } from "../model/place.ts";
import { RunBook } from "../model/run-book.ts";
import { takeToken } from "./token.ts";

/** How often the times that run are drawn anew. */
const tickMs = 1_000;

/** What changes while the page is open, and who wants to know. One for the page; everything is drawn from it. */
export class AppState {
  readonly book = new RunBook();
  readonly client: RunClient;
  place: Place;
  connection: ClientState = { kind: "connecting", tries: 0 };
  /** Whether a subscription stood once: what is shown is of that time where none stands now. */
  wasOpen = false;
  /** What is said aloud where screens are read aloud. */
  said = "";
  closedLayers: ReadonlySet<LayerId> = new Set();
  #redraw: () => void = () => undefined;
  #frame: number | undefined;
  #lostAtMs: number | undefined;
  #spentMs = 0;
  #drawnAtMs = 0;

  constructor() {
    const token = takeToken();
    this.place = readPlace(location.hash);
    const { thread } = this.place;
    this.client = connect({
      url: new URL("/", location.href),
      onItem: (item) => this.#take(item),
      onState: (state) => this.#moveTo(state),
      ...(token !== undefined && { token }),
      ...(thread !== undefined && { thread }),
    });
    addEventListener("hashchange", () => this.#follow());
    setInterval(() => this.changed(), tickMs);
  }

  /** The page's clock, which stands still while nothing can come: what runs elsewhere may have ended long ago. */
  get clockMs(): number {
    return this.#lostAtMs ?? performance.now();
  }

  /** The run that is looked at. */
  get run(): PageRun | undefined {
    return this.book.choose(this.place.run);
  }

  /** Calls back, at most once a frame, when there is something new to draw. */
  onChange(redraw: () => void): void {
    this.#redraw = redraw;
  }

  /** Goes somewhere; the way back is the browser's own. */
  go(change: Partial<Place>): void {
    const before = this.place;
    this.place = { ...before, ...change };
    const [from, to] = [writePlace(before), writePlace(this.place)];
    if (from !== to) history.pushState(null, "", to === "" ? location.pathname + location.search : to);
    this.changed();
  }

  toggleLayer(id: LayerId): void {
    const closed = new Set(this.closedLayers);
    if (!closed.delete(id)) closed.add(id);
    this.closedLayers = closed;
    this.changed();
  }

  /** Draws with the next frame; later where drawing takes long, so that input is never kept waiting. */
  changed(): void {
    if (this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame((atMs) => {
      this.#frame = undefined;
      if (atMs - this.#drawnAtMs < this.#spentMs * 4) {
        this.changed();
        return;
      }
      const startedAtMs = performance.now();
      this.#redraw();
      this.#spentMs = performance.now() - startedAtMs;
      this.#drawnAtMs = atMs;
    });
  }

  #take(item: StreamItem): void {
    const atMs = performance.now();
    if (item.type === "snapshot") {
      this.book.replace(item, atMs);
    } else {
      const { thread, event } = item;
      this.book.apply(event, thread, atMs);
      if (event.runId === this.run?.id) this.#announce(event);
    }
    this.changed();
  }

  #moveTo(state: ClientState): void {
    this.connection = state;
    this.#lostAtMs = state.kind === "open" ? undefined : (this.#lostAtMs ?? performance.now());
    if (state.kind === "open") {
      if (this.wasOpen) this.said = "connected again";
      this.wasOpen = true;
      for (const { run, thread } of state.runs) this.book.add(run, thread);
    }
    if (state.kind === "closed" && state.error?.reason === "unauthorized") this.said = "this page is not let in";
    if (state.kind === "waiting" && this.wasOpen) this.said = "the connection is lost";
    this.changed();
  }

  /** Only what changes how the run stands: a test each second would be noise. */
  #announce(event: Extract<StreamItem, { type: "event" }>["event"]): void {
    if (event.type === "layer_completed") {
      const name = this.run?.view.layers.get(event.layerId)?.name ?? event.layerId;
      this.said = `${name}: ${describeOutcome(event.outcome)}`;
    }
    if (event.type === "run_completed") this.said = `the run is over: ${describeOutcome(event.summary.outcome)}`;
    if (event.type === "node_completed" && event.outcome.status === "failed") {
      this.said = `${event.nodeId} failed: ${describeOutcome(event.outcome)}`;
    }
  }

  #follow(): void {
    const next = readPlace(location.hash);
    // Another thread is another subscription.
    if (next.thread !== this.place.thread) location.reload();
    this.place = next;
    this.changed();
  }
}
