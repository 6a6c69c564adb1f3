import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Both ends of a real connection over loopback. */
export interface LoopbackSocket {
  readonly client: Socket;
  /** The end that the server holds. Nobody reads from it until the test does. */
  readonly peer: Socket;
}

/** Connects to a server of its own; both are gone when the test is. */
export async function connectedSocket(): Promise<LoopbackSocket> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [[peer]] = await Promise.all([accepted, once(client, "connect")]);
  // A lost connection is what these tests are about: it must not end the process.
  for (const socket of [client, peer]) socket.on("error", () => undefined);
  onTestFinished(() => {
    for (const socket of [client, peer]) socket.destroy();
    server.close();
  });
  return { client, peer };
}
