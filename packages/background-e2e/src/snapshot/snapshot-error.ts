import { ApexError } from "@netra-apex/core";

/** What stands in the way of a snapshot, one code for each thing that can be done about it. */
export type SnapshotErrorCode =
  | "APEX_SNAPSHOT_FAILED"
  | "APEX_SNAPSHOT_GONE"
  | "APEX_SNAPSHOT_NO_GIT"
  | "APEX_SNAPSHOT_NO_REPOSITORY"
  | "APEX_SNAPSHOT_PLACE_TAKEN";

/** A snapshot cannot be taken, checked out or removed. The user's work tree, index and branches are as they were. */
export class SnapshotError extends ApexError {
  readonly code: SnapshotErrorCode;

  constructor(code: SnapshotErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
