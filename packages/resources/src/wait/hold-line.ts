import { connect } from "node:net";

/** A line that ends sooner was not held by the other side at all. */
const shortestMs = 1_000;
/** After as many of these in a row it is left alone. */
const mostShort = 3;
const againMs = 1_000;

/**
 * Holds a connection to a server open, in which nothing is said, and tells whenever it ends: however quickly a server is back, its
 * end is noticed. Only for servers that have room for such connections; others would serve nobody else meanwhile. The returned
 * function ends it.
 */
export function holdLine(
  { host, port }: { readonly host: string; readonly port: number },
  onEnd: () => void,
): () => void {
  let short = 0;
  let isWanted = true;
  let close = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  const hold = (): void => {
    let heldSinceMs: number | undefined;
    const socket = connect({ host, port }).unref();
    close = () => void socket.destroy();
    socket.on("connect", () => (heldSinceMs = performance.now()));
    // Whoever ends a line may say why; nobody here reads it.
    socket.on("data", () => undefined);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (!isWanted) return;
      if (heldSinceMs !== undefined) {
        short = performance.now() - heldSinceMs < shortestMs ? short + 1 : 0;
        onEnd();
      }
      if (short < mostShort) timer = setTimeout(hold, againMs).unref();
    });
  };
  hold();
  return () => {
    isWanted = false;
    clearTimeout(timer);
    close();
  };
}
