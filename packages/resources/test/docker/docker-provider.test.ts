import { createServer } from "node:net";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createDockerProvider } from "../../src/docker/docker-provider.ts";
import { createEngineSource } from "../../src/docker/engine-source.ts";
import type { ServiceInstance, ServiceProvider } from "../../src/instance.ts";
import { startDocker, startPodman, type TestEngine } from "./container-engine.ts";
import { container, contextFor, serviceOf, statusWhen, within } from "./services.ts";
import { useEngine } from "./use-engine.ts";

const waiting = "trap 'exit 0' TERM; sleep 1000 & wait";
const serving = `mkdir -p /www; echo here > /www/index.html; httpd -f -p 8080 -h /www & ${waiting}`;

describe.each([
  ["docker", startDocker],
  ["podman", startPodman],
])("a service in a container of %s", (_, start) => {
  const used = useEngine(start);
  let engine: TestEngine;
  let projectRoot: string;
  let provider: ServiceProvider<"docker">;

  beforeEach(() => {
    ({ engine, projectRoot } = used);
    provider = createDockerProvider({ source: createEngineSource({ endpoint: engine.url }) });
  });

  async function up(...of: Parameters<typeof serviceOf>): Promise<ServiceInstance> {
    return provider.start(serviceOf(...of), contextFor(projectRoot));
  }

  test("is reached on a free port of this machine, and is gone after it is stopped", async () => {
    const instance = await up("web", container(engine.images.plain, serving, { ports: [{ port: 8080 }] }));
    const { host, port, ports } = instance.place;
    expect({ host, ports }).toEqual({ host: "localhost", ports: new Map([[8080, port]]) });
    await vi.waitFor(async () => expect(await (await fetch(`http://${host}:${port}`)).text()).toBe("here\n"), 5_000);
    expect(instance.owner).toBe("started");
    await instance.stop();
    expect(await instance.status(within())).toMatchObject({ state: "missing" });
    await instance.stop();
  });

  test("shares one network with all that start at the same time, in this process and in others", async () => {
    // Each provider as it is in a process of its own: they know nothing of each other.
    const providers = Array.from({ length: 2 }, () =>
      createDockerProvider({ source: createEngineSource({ endpoint: engine.url }) }),
    );
    for (let round = 0; round < 2; round += 1) {
      const starting = providers.flatMap((one, index) =>
        ["a", "b"].map((name) =>
          one.start(serviceOf(`${name}${index}`, container(engine.images.plain, waiting)), contextFor(projectRoot)),
        ),
      );
      const instances = await Promise.all(starting);
      expect((await engine.left()).networks).toHaveLength(1);
      await Promise.all(instances.map((instance) => instance.stop()));
    }
  }, 120_000);

  test("is told apart from what ran before by its identity", async () => {
    const instance = await up("web", container(engine.images.plain, waiting));
    const first = await instance.status(within());
    const [id = ""] = (await engine.left()).containers;
    await engine.ask("restart", "-t", "0", id);
    const second = await instance.status(within());
    expect(first.identity).toBeTypeOf("string");
    expect(second.identity).not.toBe(first.identity);
    await instance.stop();
  });

  test("without a health check is never healthy, but running-unchecked", async () => {
    const instance = await up("web", container(engine.images.plain, waiting));
    expect(await instance.status(within())).toMatchObject({ state: "running-unchecked" });
    expect(instance.ownCheck).toBeUndefined();
    await instance.stop();
  });

  test("that dies in the middle is exited with its code, and tells at once", async () => {
    const instance = await up("web", container(engine.images.plain, "echo last words; sleep 1; exit 7"));
    const told = new Promise<void>((resolve) => {
      const end = instance.onChange?.(() => {
        void instance.status(within()).then(({ state }) => {
          if (state !== "exited") return;
          end?.();
          resolve();
        });
      });
    });
    await told;
    expect(await instance.status(within())).toMatchObject({
      state: "exited",
      exitCode: 7,
      reason: "it ended with exit code 7: last words",
    });
    expect(await instance.output(within())).toBe("last words\n");
    await instance.stop();
  });

  test("that is paused says so, and goes on as it was", async () => {
    const instance = await up("web", container(engine.images.plain, waiting));
    const [id = ""] = (await engine.left()).containers;
    await engine.ask("pause", id);
    expect(await instance.status(within())).toMatchObject({ state: "paused" });
    await engine.ask("unpause", id);
    expect(await instance.status(within())).toMatchObject({ state: "running-unchecked" });
    await engine.ask("pause", id);
    await instance.stop();
  });

  test("that does its work once is completed after exit code 0, and exited after any other", async () => {
    const good = await up("job", container(engine.images.plain, "echo done"), { isOneShot: true });
    const bad = await up("job-2", container(engine.images.plain, "echo no >&2; exit 3"), { isOneShot: true });
    expect(await statusWhen(good, ({ state }) => state !== "starting" && state !== "running-unchecked")).toMatchObject({
      state: "completed",
      exitCode: 0,
    });
    expect(await statusWhen(bad, ({ state }) => state !== "starting" && state !== "running-unchecked")).toMatchObject({
      state: "exited",
      exitCode: 3,
    });
    expect([await good.output(within()), await bad.output(within())]).toEqual(["done\n", "no\n"]);
    await Promise.all([good.stop(), bad.stop()]);
  });

  test("whose port somebody has is not started, and the port is named", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port: hostPort } = server.address() as { port: number };
    const taken = container(engine.images.plain, waiting, { ports: [{ port: 8080, hostPort }] });
    await expect(up("web", taken)).rejects.toMatchObject({
      code: "APEX_SERVICE",
      service: "web",
      message: `port ${hostPort} of this machine is taken`,
    });
    server.close();
  });

  test("whose image is not there and cannot be pulled is not started, with what to do", async () => {
    const lines: string[] = [];
    const context = contextFor(projectRoot, { say: (line) => lines.push(line) });
    const service = serviceOf("web", container("localhost:1/not/there:1", waiting));
    await expect(provider.start(service, context)).rejects.toMatchObject({
      code: "APEX_SERVICE",
      message: expect.stringContaining("the image localhost:1/not/there:1 is not there, and cannot be pulled: "),
      fix: "docker pull localhost:1/not/there:1, or docker login first where it needs that",
    });
    expect(lines[0]).toBe("web: pulling the image localhost:1/not/there:1");
  });

  test("gets its environment, its volumes and its directories in memory", async () => {
    writeFileSync(path.join(projectRoot, "given.txt"), "from the project\n");
    const settings = {
      env: { GREETING: "{port} of {host}" },
      ports: [{ port: 8080 }],
      volumes: ["./given.txt:/given.txt:ro"],
      tmpfs: ["/quick"],
    };
    const script = `cat /given.txt; echo "$GREETING, $OTHER"; cat /proc/mounts; ${waiting}`;
    const service = serviceOf("web", container(engine.images.plain, script, settings));
    const instance = await provider.start(service, contextFor(projectRoot, { env: { OTHER: "given" } }));
    await vi.waitFor(async () => expect(await instance.output(within())).toContain("/quick tmpfs"), 5_000);
    expect(await instance.output(within())).toContain("from the project\n8080 of web, given\n");
    await instance.stop();
  });

  test("runs commands inside, gives their output and exit code, and gives up at the deadline", async () => {
    const instance = await up("web", container(engine.images.plain, waiting));
    const result = await instance.exec?.({ kind: "shell", script: "echo out; echo err >&2; exit 4" }, within());
    expect(result).toEqual({ exitCode: 4, output: expect.stringMatching(/^(out\nerr|err\nout)\n$/) });
    const startedMs = performance.now();
    await expect(instance.exec?.({ kind: "argv", file: "sleep", args: ["60"] }, within(700))).rejects.toThrow(
      "did not answer within",
    );
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    await instance.stop();
  });

  test("that is kept is taken as it is by who wants the same, and removed by who wants another", async () => {
    const service = serviceOf("web", container(engine.images.plain, waiting));
    const keep = contextFor(projectRoot, { keep: true });
    const first = await provider.start(service, keep);
    const again = await provider.find(service, keep);
    expect(again?.owner).toBe("reused");
    expect((await again?.status(within()))?.identity).toBe((await first.status(within())).identity);
    const changed = serviceOf("web", container(engine.images.plain, waiting, { env: { A: "1" } }));
    expect(await provider.find(changed, keep)).toBeUndefined();
    const second = await provider.start(changed, keep);
    expect(await first.status(within())).toMatchObject({ state: "missing" });
    await second.stop();
  });

  test("is not started any more once nobody wants it", async () => {
    const abort = new AbortController();
    const service = serviceOf("web", container(engine.images.plain, waiting));
    const starting = provider.start(service, contextFor(projectRoot, { signal: abort.signal }));
    setTimeout(() => abort.abort(new Error("not wanted")), 60);
    await starting.then(
      (instance) => instance.stop(),
      (error: unknown) => expect(error).toMatchObject({ message: "not wanted" }),
    );
  });
});
