import type { RunId } from "@netra-apex/core";
import type { PublisherMessage, SubscriberMessage } from "./protocol.ts";

/** Most characters of a name in a message: of a subscription, a thread, a run. */
const longestName = 256;

type Written = Readonly<Record<string, unknown>>;

/** Reads what a reader has sent; undefined for what is none of its messages. Fields that are not known are passed over. */
export function readSubscriberMessage(text: string): SubscriberMessage | undefined {
  const message = readObject(text);
  if (!message || !isName(message["id"])) return undefined;
  const { type, id, thread, run, after } = message;
  if (type === "unsubscribe") return { type, id };
  if (type !== "subscribe" || !isNameOrAbsent(thread) || !isNameOrAbsent(run)) return undefined;
  if (after !== undefined && !isCursor(after)) return undefined;
  return {
    type,
    id,
    ...(thread !== undefined && { thread }),
    ...(run !== undefined && { run }),
    ...(after !== undefined && { after }),
  };
}

/** Reads what a publisher has sent; what its events hold is not looked at. Undefined for what is none of its messages. */
export function readPublisherMessage(text: string): PublisherMessage | undefined {
  const message = readObject(text);
  if (!message || !isName(message["run"])) return undefined;
  const { type, run } = message;
  switch (type) {
    case "open_run":
      return isName(message["thread"]) ? { type, run, thread: message["thread"] } : undefined;
    case "publish":
      return Array.isArray(message["events"]) ? { type, run, events: message["events"] } : undefined;
    case "publish_snapshot": {
      const { throughSeq, events, omittedTests = [] } = message;
      if (!isSeq(throughSeq) || !Array.isArray(events) || !isOmitted(omittedTests)) return undefined;
      return { type, run, throughSeq, events, omittedTests };
    }
    default:
      return undefined;
  }
}

type OmittedTests = NonNullable<Extract<PublisherMessage, { type: "publish_snapshot" }>["omittedTests"]>;

function readObject(text: string): Written | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOmitted(value: unknown): value is OmittedTests {
  const fields = ["total", "passed", "failed", "skipped", "flaky"];
  return (
    Array.isArray(value) &&
    value.every((entry: unknown) => {
      if (!isObject(entry) || !isName(entry["nodeId"])) return false;
      const { counts } = entry;
      return isObject(counts) && fields.every((field) => isSeq(counts[field]));
    })
  );
}

function isCursor(value: unknown): value is Readonly<Record<RunId, number>> {
  return isObject(value) && Object.values(value).every(isSeq);
}

function isObject(value: unknown): value is Written {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= longestName;
}

function isNameOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || isName(value);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
