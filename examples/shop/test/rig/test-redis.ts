import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { requireReal } from "./require-real.ts";

/** The Redis that `REDIS_URL` names, if it names one. */
export const redisUrl = process.env.REDIS_URL || undefined;

/** The {@link redisUrl}, for a shop under test. */
export function findTestRedis(): string | undefined {
  requireReal("REDIS_URL", redisUrl);
  return redisUrl;
}

/** A way to the real Redis that a test can cut, as if that had ended. */
export interface CuttableRedis extends AsyncDisposable {
  readonly url: string;
  /** From now on nobody gets through, and whoever is connected is thrown out. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** Whoever is connected stays so, and hears nothing any more. */
  fallSilent(): void;
}

/** @param url of the real one */
export async function makeCuttable(url: string): Promise<CuttableRedis> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(Number(target.port || 6379), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        other.destroy();
        sockets.delete(socket);
      });
    }
  });
  async function listen(port: number): Promise<number> {
    proxy.listen(port, "127.0.0.1");
    await once(proxy, "listening");
    return (proxy.address() as { port: number }).port;
  }
  async function goAway(): Promise<void> {
    if (!proxy.listening) return;
    proxy.close();
    for (const socket of sockets) socket.destroy();
    await once(proxy, "close");
  }

  const port = await listen(0);
  const address = new URL(url);
  address.hostname = "127.0.0.1";
  address.port = String(port);
  return {
    url: address.href,
    goAway,
    async comeBack() {
      await listen(port);
    },
    fallSilent() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    [Symbol.asyncDispose]: goAway,
  };
}
