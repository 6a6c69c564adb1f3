import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Environment } from "@netra-apex/core";
import { onTestFinished } from "vitest";

/** A deployed environment: a server on loopback, until the test has finished. */
export async function environmentServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  over: Partial<Environment> & { readonly check?: object } = {},
): Promise<Environment> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { check, ...rest } = over;
  return {
    name: "staging",
    baseUrl,
    health: {
      check: { kind: "http", url: `${baseUrl}/health`, ...check },
      intervalMs: 1,
      timeoutMs: 1_000,
      successes: 1,
      deadlineMs: 1_000,
    },
    ...rest,
  };
}
