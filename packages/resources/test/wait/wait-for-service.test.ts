import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { waitForService } from "../../src/wait/wait-for-service.ts";
import { closedPort, peer, silent } from "../probes/peers.ts";

const host = "127.0.0.1";

test("an address is enough to wait for a service", async () => {
  const server = createServer((_, response) => response.end("well"));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await waitForService(`http://${host}:${port}/health`)).toMatchObject({ outcome: "ready", lookCount: 1 });
  expect(await waitForService(`tcp://${host}:${await peer(silent)}`)).toMatchObject({ outcome: "ready" });
});

test("a check tells more; its wait can be shorter, and be ended", async () => {
  const port = await closedPort();
  const check = { kind: "all", checks: [{ kind: "tcp", address: `${host}:${port}` }] } as const;
  expect(await waitForService(check, { deadlineMs: 200 })).toMatchObject({
    outcome: "not-ready",
    problem: "not-started",
    reason: `nothing listens on ${host}:${port}`,
  });
  expect(await waitForService(check, { signal: AbortSignal.timeout(100) })).toMatchObject({ outcome: "aborted" });
});

test.each(["mysql://ann:secret@localhost/shop", "localhost:80"])("%s is refused, and not repeated", async (address) => {
  const refused = waitForService(address);
  await expect(refused).rejects.toMatchObject({ code: "APEX_SERVICE" });
  await expect(refused).rejects.not.toThrow(/secret|localhost:80/);
});
