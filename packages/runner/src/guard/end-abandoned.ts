import process from "node:process";
import { endTree, systemPace } from "./end-tree.ts";
import type { FoundProcess } from "./guard-protocol.ts";
import { commandLineOf, ProcessTable } from "./process-table.ts";
import { isGuardAlive, ownIdentity, parseTags, parseToken } from "./process-tag.ts";
import { pidTree } from "./process-tree.ts";

/** Nobody waits for what they still have to say; this is for them to stop in order. */
const graceMs = 1_000;

/**
 * Ends the processes of guards that are gone: they were killed together with their orchestrator, and nobody else will. Looks at
 * the processes of this user, boot and pid namespace only. Resolves with what it found, once that is gone. Linux only.
 */
export async function endAbandoned(place: string = ownIdentity().place): Promise<readonly FoundProcess[]> {
  if (process.platform !== "linux") return [];
  const found = findAbandoned(place);
  // What ended processes had started since is found by the next look.
  for (let look = found; look.length > 0; look = findAbandoned(place)) {
    const end = await endTree(pidTree(look.map(({ pid }) => pid)), { pace: systemPace, graceMs });
    if (!end.isGone) break;
  }
  return found;
}

function findAbandoned(place: string): FoundProcess[] {
  const known = new Map<string, boolean>();
  const isGone = (token: string): boolean => {
    let gone = known.get(token);
    if (gone === undefined) {
      const identity = parseToken(token);
      gone = identity !== undefined && isGuardAlive(identity, place) === false;
      known.set(token, gone);
    }
    return gone;
  };
  return ProcessTable.tagged()
    .filter(({ pid, value }) => pid !== process.pid && [...parseTags(value)].some(({ token }) => isGone(token)))
    .map(({ pid }) => ({ pid, command: commandLineOf(pid) }));
}
