import type { InstanceRecord } from "../instances/instance-record.ts";

/** Where it is kept what was started, for whoever comes after a process that was killed. */
export interface InstanceRecords {
  /** Puts one in, or another in place of the one with its id. */
  put(record: InstanceRecord): Promise<void> | void;
  remove(id: string): Promise<void> | void;
  list(): Promise<readonly InstanceRecord[]> | readonly InstanceRecord[];
}
