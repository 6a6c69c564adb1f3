import { AsyncLocalStorage } from "node:async_hooks";

interface MessageInHand {
  /** The bus that carries it. */
  readonly bus: object;
  readonly signal: AbortSignal;
}

/**
 * Which message the running code is a handler of. One storage for all buses, since what is in it belongs to one chain of
 * calls anyway: a storage for each run would make every promise of the process dearer (Node before 24). Made when it is
 * first asked for: nothing happens at import.
 */
let storage: AsyncLocalStorage<MessageInHand> | undefined;

/** Runs a handler so that what it sends on the same bus is known to come from it. */
export function withMessageInHand<Reply>(bus: object, signal: AbortSignal, handler: () => Reply): Reply {
  storage ??= new AsyncLocalStorage();
  return storage.run({ bus, signal }, handler);
}

/** The signal of the message of this bus that the running code is a handler of. */
export function signalInHand(bus: object): AbortSignal | undefined {
  const inHand = storage?.getStore();
  return inHand?.bus === bus ? inHand.signal : undefined;
}
