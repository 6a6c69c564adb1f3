interface Listening {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/** Calls back when a browser is online again or its page is looked at again; the returned function ends that. Nothing in Node. */
export function onWakeUp(callback: () => void): () => void {
  const page = globalThis as Listening & { readonly document?: Listening & { readonly visibilityState: string } };
  const { document } = page;
  if (!document) return () => undefined;
  const whenVisible = (): void => {
    if (document.visibilityState === "visible") callback();
  };
  page.addEventListener?.("online", callback);
  document.addEventListener?.("visibilitychange", whenVisible);
  return () => {
    page.removeEventListener?.("online", callback);
    document.removeEventListener?.("visibilitychange", whenVisible);
  };
}
