import type { PublisherHubMessage } from "../protocol.ts";

type Written = Readonly<Record<string, unknown>>;

/** Reads what a hub says to those that publish: `unknown` for what a newer one may say, undefined for what is no message. */
export function readHubAnswer(text: string): PublisherHubMessage | { readonly type: "unknown" } | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null) return undefined;
  const { type } = message as Written;
  if (typeof type !== "string") return undefined;
  const check = checks[type as PublisherHubMessage["type"]];
  if (check === undefined) return { type: "unknown" };
  return check(message as Written) ? (message as PublisherHubMessage) : undefined;
}

const isRunAndSeq = ({ run, lastSeq }: Written): boolean => typeof run === "string" && isSeq(lastSeq);

const checks: Readonly<Record<PublisherHubMessage["type"], (message: Written) => boolean>> = {
  welcome: ({ protocol, heartbeatMs }) => isSeq(protocol) && typeof heartbeatMs === "number" && heartbeatMs > 0,
  heartbeat: () => true,
  error: ({ code, message }) => typeof code === "string" && typeof message === "string",
  run_opened: isRunAndSeq,
  published: isRunAndSeq,
};

function isSeq(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
