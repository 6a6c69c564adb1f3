/** A reporter for `node --test`: one JSON line for each test, none for a suite. Node takes it by its default export. */
export default async function* nodeTestLines(events) {
  for await (const { type, data } of events) {
    if ((type === "test:pass" || type === "test:fail") && data.details?.type !== "suite") {
      yield `${JSON.stringify({ status: statusOf(type, data), title: data.name })}\n`;
    }
  }
}

function statusOf(type, data) {
  // Node sets `skip` and `todo` to the reason, or to an empty text when there is none.
  if (data.skip !== undefined || data.todo !== undefined) return "skipped";
  return type === "test:pass" ? "passed" : "failed";
}
