import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { endTree, isGoneWithin, systemPace } from "./end-tree.ts";
import { pidTree } from "./process-tree.ts";

/** Who cleans up after a container is not disturbed in it. */
const settleMs = 500;

/**
 * Ends what Podman leaves when it is killed in the middle of making a container: the container's monitor and a first process
 * that was never let go, which removing the container does not end, and which have neither its environment nor its session.
 * They are known by the id of the container, in their control group or command line. Linux only.
 */
export async function endContainerRemains(id: string): Promise<void> {
  if (process.platform !== "linux") return;
  // The end of one may be what starts the next, such as the monitor's own cleaning up.
  for (let pids = pidsNaming(id), looks = 0; pids.length > 0 && looks < 3; pids = pidsNaming(id), looks += 1) {
    const remains = pidTree(pids);
    if (!(await isGoneWithin(remains, settleMs, systemPace))) await endTree(remains, { pace: systemPace, graceMs: 0 });
  }
}

function pidsNaming(id: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => ["cgroup", "cmdline"].some((file) => readText(`/proc/${pid}/${file}`).includes(id)));
}

/** Empty for what is gone. */
function readText(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
