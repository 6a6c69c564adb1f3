import { createServer } from "node:net";

/** Ports that were given lately: two services that start together must not get the same one before the first listens. */
const given = new Set<number>();
const rememberMs = 30_000;

/**
 * A port on which nobody of this machine listens, neither for IPv4 nor for IPv6. Somebody else may take it before it is used, which
 * is unlikely, as the system hands out such ports in no order.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await anyPort();
    if (given.has(port)) continue;
    given.add(port);
    setTimeout(() => given.delete(port), rememberMs).unref();
    return port;
  }
}

function anyPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    // Without a host it is every address of this machine.
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
