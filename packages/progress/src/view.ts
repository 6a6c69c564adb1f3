/** What a run amounts to, event by event, for screens of one's own: in browsers and in Node. It imports nothing. */
export {
  applyEvent,
  type DoneView,
  emptyRunView,
  type LayerProgress,
  type LayerView,
  type LeaderView,
  RunFold,
  type RunView,
} from "./run-view.ts";
export type { EarlierAttempt, FinishedNode, KeptTest, NodeUsage, RunningNode } from "./node-view.ts";
export { viewOfSnapshot } from "./websocket/snapshot-view.ts";
export type { Snapshot } from "./websocket/protocol.ts";
