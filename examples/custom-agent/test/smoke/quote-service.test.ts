import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type RunningService, startService } from "../../src/start-service.ts";

describe("the quote service", () => {
  let service: RunningService;
  before(async () => {
    const { signal } = new AbortController();
    service = await startService("demo/main.ts", { cwd: process.cwd(), signal, onOutput: () => undefined });
  });
  after(() => service.stop());

  it("answers with the quote of that number", async () => {
    const response = await fetch(`${service.url}/quotes/0`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { id: 0, text: "Measure twice, cut once." });
  });

  it("has no other quotes", async () => {
    for (const path of ["/quotes/4", "/quotes/x", "/"]) {
      assert.equal((await fetch(service.url + path)).status, 404, path);
    }
  });
});
