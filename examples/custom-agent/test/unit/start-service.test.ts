import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startService } from "../../src/start-service.ts";

const options = (signal = new AbortController().signal) => ({ cwd: process.cwd(), signal, onOutput: () => undefined });

describe("a service that is started", () => {
  it("is an error when it ends before it says where it listens", async () => {
    const started = startService("demo/quote-server.ts", options());
    await assert.rejects(started, /demo\/quote-server\.ts ended with 0 before it said where it listens/);
  });

  it("ends with its signal, also while it starts", async () => {
    const abort = new AbortController();
    const started = startService("demo/main.ts", options(abort.signal));
    abort.abort();
    await assert.rejects(started, { name: "AbortError" });

    const late = new AbortController();
    const service = await startService("demo/main.ts", options(late.signal));
    late.abort();
    await service.stop();
    await assert.rejects(fetch(service.url));
  });
});
