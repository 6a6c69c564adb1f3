import { createServer as createHttpServer, type Server } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Agent,
  type AgentContext,
  defineAgent,
  definePlan,
  type Environment,
  type LayerNeeds,
  type Outcome,
  type Plan,
  type PlanNode,
  runPlan,
  type Service,
} from "@netra-apex/core";
import { assertEventGrammar, describeAgent, EventRecorder } from "@netra-apex/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createResourceManagementAgent,
  type ResourceManagementOptions,
  resourceManagementAgentName,
} from "../../src/agent/resource-management-agent.ts";
import { externalProvider } from "../../src/command/external-provider.ts";
import { defaultProviders } from "../../src/manager/service-providers.ts";
import { commandRig, leftIn, node, server, service, takesConnections } from "../command/command-rig.ts";

const answering = {
  check: { kind: "http", url: "http://127.0.0.1:{port}/" },
  intervalMs: 50,
  timeoutMs: 1_000,
  successes: 1,
  deadlineMs: 10_000,
} as const;

const backend = service(node(server), { port: "auto" }, { name: "backend", health: answering });

function external(name: string, port: number): Service {
  const health = { ...answering, check: { kind: "tcp", address: `127.0.0.1:${port}` } } as const;
  return { ...backend, name, provider: { kind: "external" }, start: "never", health };
}

interface RunOptions {
  readonly services?: readonly Service[];
  readonly needs?: Partial<LayerNeeds>;
  readonly deployment?: Environment;
  readonly nodes?: Plan["nodes"] | readonly Partial<PlanNode>[];
  readonly over?: Partial<ResourceManagementOptions>;
  readonly layer?: { readonly budgetMs?: number };
  readonly after?: (summary: Awaited<ReturnType<typeof runPlan>>) => void;
}

/** A real run of one layer with real services, whose only node does what the test says. */
async function run(work: (context: AgentContext) => Promise<Outcome | undefined>, options: RunOptions = {}) {
  const rig = commandRig();
  const { services = [], needs = {}, deployment, over, layer } = options;
  const recorder = new EventRecorder();
  const agent: Agent = defineAgent({
    name: "tests",
    async execute(_: unknown, context: AgentContext) {
      const outcome = await work(context);
      return outcome ? { outcome } : {};
    },
  });
  const sketch = definePlan({
    environment: deployment?.name ?? "test",
    projectRoot: rig.projectRoot,
    layers: [{ id: "one", nodes: [{ id: "it", agent: "tests" }] }],
  });
  const plan: Plan = {
    ...sketch,
    layers: sketch.layers.map((one) => ({
      ...one,
      ...layer,
      needs: {
        services: services.map(({ name }) => name),
        whenUnavailable: "fail",
        waitTimeoutMs: 10_000,
        ...needs,
      },
    })),
  };
  const resources = createResourceManagementAgent({
    config: {
      projectRoot: rig.projectRoot,
      services: new Map(services.map((one) => [one.name, one])),
      ...(deployment ? { deployment } : {}),
    },
    providers: { ...defaultProviders(), command: async () => rig.provider, external: async () => externalProvider },
    ...over,
  });
  const summary = await runPlan(plan, { agents: [agent, resources], reporters: [recorder] });
  assertEventGrammar(recorder.events);
  expect(leftIn(rig)).toEqual([]);
  return { summary, recorder, rig };
}

/** A server that takes connections until it is told not to; resolves with its port. */
async function tcpServer(): Promise<{ readonly port: number; close(): Promise<void>; open(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
  });
  const open = (port = 0): Promise<void> =>
    new Promise((resolve) => void listener.listen(port, "127.0.0.1", () => resolve()));
  const close = (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void listener.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    return closed;
  };
  await open();
  const { port } = listener.address() as AddressInfo;
  onTestFinished(close);
  return { port, open: () => open(port), close };
}

/** An environment's health, which says what the test wants. */
async function deployed(answer: () => { readonly version: string }): Promise<string> {
  const http: Server = createHttpServer((_, response) => void response.end(JSON.stringify(answer())));
  await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function staging(baseUrl: string, over: Partial<Environment> = {}): Environment {
  return {
    name: "staging",
    baseUrl,
    health: { ...answering, check: { kind: "http", url: `${baseUrl}/health` } },
    version: { json: "version" },
    ...over,
  };
}

describeAgent(
  resourceManagementAgentName,
  {
    create: () => createResourceManagementAgent({ config: { services: new Map(), projectRoot: "/" } }),
    input: { up: [] },
    invalidInput: { up: [1] },
  },
  { describe, it },
);

describe("before a layer", () => {
  it("its services are brought up and their addresses handed to its tests; in the end nothing of them is left", async () => {
    let port = 0;
    const { summary, recorder } = await run(
      async ({ node: { env } }) => {
        port = Number(env?.["BACKEND_PORT"]);
        expect(env?.["BACKEND_URL"]).toBe(`http://127.0.0.1:${port}`);
        expect((await fetch(env?.["BACKEND_URL"] ?? "")).status).toBe(200);
        return undefined;
      },
      { services: [backend] },
    );
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(recorder.all("service_state_changed").map(({ to }) => to)).toEqual(["starting", "healthy", "missing"]);
    expect(await takesConnections(port)).toBe(false);
  });

  it("what is missing is told all at once, each with its reason, and the layer fails for it", async () => {
    const taken = await tcpServer();
    const { summary, recorder } = await run(async () => undefined, {
      services: [external("db", 1), external("cache", 2)],
      needs: { requires: { freeDiskBytes: 2 ** 60, ports: [taken.port], credentials: ["APEX_NO_SUCH_TOKEN"] } },
    });
    const [told] = recorder.all("resources_missing");
    expect(told?.missing.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "service db",
      "service cache",
      expect.stringMatching(/^disk /),
      `port ${taken.port}`,
      "credential APEX_NO_SUCH_TOKEN",
    ]);
    expect(told?.missing.find(({ kind }) => kind === "port")?.reason).toContain(String(process.pid));
    expect(summary).toMatchObject({ outcome: { status: "errored", failureClass: "infrastructure" }, exitCode: 3 });
    expect(recorder.layerOutcome("one")).toMatchObject({
      reason: expect.stringMatching(
        /^resources not available for layer one: db: nothing listens on 127\.0\.0\.1:1 → start it/,
      ),
    });
    expect(recorder.outcomeOf("it")).toMatchObject({ status: "skipped", cause: "service" });
  });

  it("one that is to be skipped without its services is", async () => {
    const { summary, recorder } = await run(async () => undefined, {
      services: [external("db", 1)],
      needs: { whenUnavailable: "skip" },
    });
    expect(recorder.layerOutcome("one")).toMatchObject({ status: "skipped", cause: "service" });
    expect(summary.exitCode).toBe(6);
  });

  it("one that is to wait does, and starts when its services are there", async () => {
    const late = await tcpServer();
    await late.close();
    setTimeout(() => void late.open(), 2_500);
    const { summary, recorder } = await run(async () => undefined, {
      services: [external("db", late.port)],
      needs: { whenUnavailable: "wait", waitTimeoutMs: 15_000 },
    });
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(recorder.all("resources_missing")).toMatchObject([{ policy: "wait" }]);
  });

  it("one that waits in vain fails when its time is over", async () => {
    const { summary, recorder } = await run(async () => undefined, {
      services: [external("db", 1)],
      needs: { whenUnavailable: "wait", waitTimeoutMs: 4_500 },
    });
    expect(summary.outcome.status).toBe("errored");
    expect(summary.durationMs).toBeLessThan(8_000);
    expect(recorder.all("resources_missing")).toHaveLength(1);
  });
});

describe("while a layer runs", () => {
  it("the end of a service is an outage, and a failure then is one of the infrastructure, with its window", async () => {
    const { summary, recorder } = await run(
      async ({ node: { env } }) => {
        const pid = Number(await (await fetch(env?.["BACKEND_URL"] ?? "")).text());
        process.kill(pid, "SIGKILL");
        await sleep(200);
        return { status: "failed", reason: "ECONNREFUSED" };
      },
      { services: [backend] },
    );
    expect(summary.exitCode).toBe(3);
    const outcome = recorder.outcomeOf("it");
    expect(outcome).toMatchObject({ status: "errored", failureClass: "infrastructure" });
    expect(outcome).toMatchObject({
      reason: expect.stringMatching(/^backend was down since .* UTC \(.*\): ECONNREFUSED$/),
    });
    const [{ evidence } = {}] = recorder.all("node_completed");
    expect(evidence?.outages).toMatchObject([{ service: "backend", reason: expect.stringContaining("SIGKILL") }]);
    expect(recorder.all("service_outage_started")).toHaveLength(1);
  });

  it("the end of what is tested is the tests' own failure, and told beside it", async () => {
    const { summary, recorder } = await run(
      async ({ node: { env } }) => {
        process.kill(Number(await (await fetch(env?.["BACKEND_URL"] ?? "")).text()), "SIGKILL");
        await sleep(200);
        return { status: "failed", reason: "ECONNREFUSED" };
      },
      { services: [{ ...backend, isUnderTest: true }] },
    );
    expect(summary.exitCode).toBe(1);
    expect(recorder.outcomeOf("it")).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/^ECONNREFUSED \(backend was down since /),
    });
  });

  it("a service that has said its line once is up as long as it runs, whatever it says after it", async () => {
    const chatty = service(
      node(`console.log("READY"); setInterval(() => console.log("x".repeat(100_000)), 100); ${server}`),
      { port: "auto" },
      { name: "backend", health: { ...answering, check: { kind: "log", pattern: "READY" } } },
    );
    const { recorder } = await run(
      async () => {
        await sleep(2_500);
        return { status: "failed", reason: "a real bug" };
      },
      { services: [chatty] },
    );
    expect(recorder.outcomeOf("it")).toEqual({ status: "failed", reason: "a real bug" });
  });

  it("a service that comes back is up again in the stream, and the failures in between are classed by its outage", async () => {
    const db = await tcpServer();
    const { recorder } = await run(
      async () => {
        await sleep(1_200);
        await db.close();
        await sleep(1_500);
        await db.open();
        // Looked at every second: it is found up again.
        await sleep(2_500);
        return { status: "failed", reason: "1 of 2 tests failed" };
      },
      { services: [external("db", db.port)] },
    );
    expect(recorder.all("service_outage_started")).toMatchObject([
      { service: "db", reason: expect.stringContaining("nothing listens") },
    ]);
    const [end] = recorder.all("service_outage_ended");
    expect(end?.durationMs).toBeGreaterThanOrEqual(1_000);
    expect(end?.durationMs).toBeLessThan(5_000);
    expect(recorder.outcomeOf("it")).toMatchObject({ status: "errored", failureClass: "infrastructure" });
    expect(recorder.all("node_completed")[0]?.evidence?.outages).toMatchObject([
      { service: "db", upAgainAt: expect.stringMatching(/Z$/) },
    ]);
  });

  it("failures without an outage are the tests' own", async () => {
    const { recorder } = await run(async () => ({ status: "failed", reason: "1 of 2 tests failed" }), {
      services: [backend],
    });
    expect(recorder.outcomeOf("it")).toEqual({ status: "failed", reason: "1 of 2 tests failed" });
  });

  it("a test that failed before the outage keeps its node failed", async () => {
    const { recorder } = await run(
      async ({ node: { env }, emit }) => {
        const test = { id: "t", name: "t", suites: [], durationMs: 1, status: "failed" } as const;
        emit({ type: "test_completed", test });
        await sleep(1_500);
        process.kill(Number(await (await fetch(env?.["BACKEND_URL"] ?? "")).text()), "SIGKILL");
        await sleep(200);
        emit({ type: "test_completed", test: { ...test, id: "u", name: "u" } });
        await sleep(600);
        return { status: "failed", reason: "2 of 2 tests failed" };
      },
      { services: [backend] },
    );
    expect(recorder.outcomeOf("it")).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(
        /^2 of 2 tests failed \(backend was down .*accounts for 1 of the 2 tests that failed\)$/,
      ),
    });
  });
});

describe("an environment", () => {
  it("is read at the start and the end; its address and token reach the tests, and the token nobody else", async () => {
    const baseUrl = await deployed(() => ({ version: "1.2.3" }));
    const secrets: string[] = [];
    const token = "a-token-that-nobody-may-see";
    const source = { kind: "command", command: node(`process.stdout.write("${token}")`) } as const;
    const seen: unknown[] = [];
    const { summary, recorder } = await run(
      async ({ node: { env } }) => {
        seen.push(env);
        return undefined;
      },
      {
        deployment: staging(baseUrl, { auth: { source, variable: "AUTH_TOKEN" } }),
        over: { onSecret: (secret) => void secrets.push(secret) },
      },
    );
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(seen).toEqual([{ BASE_URL: baseUrl, AUTH_TOKEN: token }]);
    expect(secrets).toEqual([token]);
    expect(recorder.all("environment_read")).toMatchObject([
      { moment: "start", deployedVersion: "1.2.3", baseUrl },
      { moment: "end", deployedVersion: "1.2.3" },
    ]);
    expect(JSON.stringify(recorder.events)).not.toContain(token);
  });

  it("that changes during the run makes a pass inconclusive", async () => {
    let version = "1.2.3";
    const baseUrl = await deployed(() => ({ version }));
    const { summary } = await run(
      async () => {
        version = "1.2.4";
        return undefined;
      },
      { deployment: staging(baseUrl) },
    );
    expect(summary).toMatchObject({ outcome: { status: "inconclusive" }, exitCode: 5 });
    expect(summary.outcome).toMatchObject({
      reason: expect.stringMatching(/1\.2\.3 at the start, 1\.2\.4 at the end/),
    });
  });

  it("that is not there keeps its layers from starting", async () => {
    const { summary, recorder } = await run(async () => undefined, { deployment: staging("http://127.0.0.1:1") });
    expect(summary.exitCode).toBe(3);
    expect(recorder.all("resources_missing")[0]?.missing).toMatchObject([{ kind: "environment", name: "staging" }]);
  });
});

describe("a node of the agent", () => {
  it("brings services up, for the rest of the run", async () => {
    const rig = commandRig();
    const recorder = new EventRecorder();
    const plan = definePlan({
      projectRoot: rig.projectRoot,
      layers: [{ id: "one", nodes: [{ id: "up", agent: resourceManagementAgentName, input: { up: ["backend"] } }] }],
    });
    const config = { projectRoot: rig.projectRoot, services: new Map([["backend", backend]]) };
    const resources = createResourceManagementAgent({
      config,
      providers: { ...defaultProviders(), command: async () => rig.provider },
    });
    const summary = await runPlan(plan, { agents: [resources], reporters: [recorder] });
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(recorder.all("service_state_changed").map(({ to }) => to)).toEqual(["starting", "healthy", "missing"]);
    expect(leftIn(rig)).toEqual([]);
  });
});
