import { containerLabel } from "./container-arguments.ts";
import { type Container, type ContainerEngine, describeContainer } from "./container-engine.ts";
import type { FoundProcess } from "./guard-protocol.ts";
import { isGuardAlive, parseTags, parseToken } from "./process-tag.ts";

/**
 * Removes the containers of guards that are gone, which is the same for containers as `endAbandoned` is for processes: those of
 * this boot and pid namespace only, as an engine may serve several machines. Resolves with what it removed. An engine that does
 * not answer is left to the command that needs it.
 */
export async function endAbandonedContainers(engine: ContainerEngine, place: string): Promise<readonly FoundProcess[]> {
  const found = (await engine.find(containerLabel)) ?? [];
  const abandoned = found.filter((container) => isAbandoned(container, place));
  if (abandoned.length === 0) return [];
  await engine.remove(abandoned);
  return abandoned.map(describeContainer);
}

function isAbandoned({ labels }: Container, place: string): boolean {
  return [...parseTags(labels[containerLabel] ?? "")].some(({ token }) => {
    const identity = parseToken(token);
    return identity !== undefined && isGuardAlive(identity, place) === false;
  });
}
