import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
// oxlint-disable-next-line no-restricted-imports -- an engine of the tests' own is started in one way
import { startDocker } from "../packages/resources/test/docker/container-engine.ts";
import { childEnvironment } from "./child-environment.mjs";
import { apex } from "./guide.mjs";
import { importLocalImages, missingForImages } from "./local-images.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { countApexRun } from "./test-counts.mjs";

const shop = path.resolve(import.meta.dirname, "../examples/shop");
const missing = missingForImages();
const engine = missing === undefined ? await startDocker() : { missing };
const reason = engine.missing === undefined ? "" : ` (skipped: ${engine.missing})`;

describe(`the example shop in containers${reason}`, { skip: engine.missing !== undefined }, () => {
  test("is tested on the images that its config names, and leaves nothing", { timeout: 300_000 }, async (t) => {
    t.after(() => engine.stop());
    await importLocalImages({ postgres: "postgres:16", redis: "redis:7" }, engine.ask);
    const categories = ["--categories", "database", "websocket"];
    const args = [apex, "--real-services", "--profile", "docker", ...categories, "--progress-mode", "json"];
    const {
      DATABASE_URL: _database,
      REDIS_URL: _redis,
      NODE_TEST_CONTEXT: _test,
      ...env
    } = childEnvironment(process.env);
    const { exitCode, stdout, output } = await runQuietly(process.execPath, args, {
      cwd: shop,
      env: { ...env, DOCKER_HOST: engine.url },
    });
    assert.equal(exitCode, 0, output);
    // Without a PostgreSQL or a Redis some of them are skipped.
    assert.deepEqual(countApexRun(stdout).skipped, []);
    assert.match(stdout, /"service_state_changed".*"postgresql".*"healthy"/);
    assert.match(stdout, /"service_state_changed".*"redis".*"healthy"/);
    assert.deepEqual(await engine.left(), { containers: [], networks: [], volumes: [] });
    // What served a container ends a moment after the engine has said that it is gone.
    for (let tries = 0; tries < 50 && engine.processes().length > 0; tries += 1) await setTimeout(200);
    assert.deepEqual(engine.processes(), []);
  });
});
