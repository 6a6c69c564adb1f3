import type { ServiceMark } from "./service-tree.ts";
import type { EndServiceOptions } from "./end-service.ts";

/** A service that must not survive its owner. */
export interface KeptService extends ServiceMark, EndServiceOptions {
  /** What goes with it: its directory, its log and its record; absolute. */
  readonly paths: readonly string[];
}

/** A container that must not survive its owner. */
export interface KeptContainer {
  /** Its own. */
  readonly id: string;
  /** Of its engine; absolute. */
  readonly socketPath: string;
  /** Goes with its last container. */
  readonly network: string;
}

/** What an owner says to its keeper: one JSON object a line. The end of the input is the end of the owner. */
export type KeeperRequest =
  /** Also said again, when more is known of the same one. */
  | { readonly type: "keep"; readonly service: KeptService }
  | { readonly type: "keep-container"; readonly container: KeptContainer }
  /** It is ended. */
  | { readonly type: "forget"; readonly id: string };
