import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/agents/define.ts";

/** Asks a service over HTTP. */
export const ask = defineTool({
  name: "ask",
  description: "Asks a service.",
  input: z.object({ url: z.url() }),
  output: z.string(),
  evidence: "local-real",
  run: async ({ url }, { signal }) => (await fetch(url, { signal })).text(),
});

/** A real service on a free loopback port, gone when the test is. */
export class LoopbackService {
  readonly name: string;
  /** Cuts the connection in the middle of its answers when true. */
  breaksOff = false;
  /** Requests that reached it. */
  requests = 0;
  readonly #server = createServer((_, response) => {
    this.requests += 1;
    if (!this.breaksOff) {
      response.end(this.name);
      return;
    }
    response.writeHead(200, { "content-length": "1000" });
    response.write("only the beginning", () => response.destroy());
  });

  private constructor(name: string) {
    this.name = name;
  }

  static async open(name: string): Promise<LoopbackService> {
    const service = new LoopbackService(name);
    await service.#listen(0);
    onTestFinished(async () => void (await service.down()));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Refuses connections from now on, until the returned function is called. */
  async down(): Promise<() => Promise<void>> {
    const port = this.#port;
    if (this.#server.listening) {
      this.#server.closeAllConnections();
      await new Promise((resolve) => this.#server.close(resolve));
    }
    return () => this.#listen(port);
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  }
}
