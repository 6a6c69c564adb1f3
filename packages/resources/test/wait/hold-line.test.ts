import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { holdLine } from "../../src/wait/hold-line.ts";

/** A server, and the connections that it has had. */
async function listen(onSocket: (socket: Socket) => void = () => undefined) {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { sockets, place: { host: "127.0.0.1", port: (server.address() as AddressInfo).port } };
}

it("tells when the other side ends it, and is there again for the next time", async () => {
  const { sockets, place } = await listen();
  let ends = 0;
  onTestFinished(holdLine(place, () => void (ends += 1)));
  for (const count of [1, 2]) {
    await vi.waitFor(() => expect(sockets).toHaveLength(count), 10_000);
    sockets.at(-1)?.destroy();
    await vi.waitFor(() => expect(ends).toBe(count), 10_000);
  }
});

it("leaves a server alone that holds no connections", { timeout: 30_000 }, async () => {
  const { sockets, place } = await listen((socket) => void socket.destroy());
  const onEnd = vi.fn<() => void>();
  onTestFinished(holdLine(place, onEnd));
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledTimes(3), 15_000);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(sockets).toHaveLength(3);
});

it("says nothing of an end of its own", async () => {
  const { sockets, place } = await listen();
  const onEnd = vi.fn<() => void>();
  const end = holdLine(place, onEnd);
  await vi.waitFor(() => expect(sockets).toHaveLength(1), 10_000);
  const closed = new Promise((resolve) => sockets[0]?.on("close", resolve));
  sockets[0]?.resume();
  end();
  await closed;
  expect(onEnd).not.toHaveBeenCalled();
});
