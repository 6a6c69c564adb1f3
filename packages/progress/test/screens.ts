import type { RunEventOf } from "@netra-apex/core";
import { EventScript, passingTests, planNode, scriptPlan, scriptTest } from "./event-script.ts";

/** A moment of a run that is worth looking at. */
export interface Scene {
  readonly run: EventScript;
  /** After the last event, in milliseconds. */
  readonly laterMs?: number;
  readonly rows?: number;
  readonly background?: readonly string[];
}

const fast = { id: "fast", name: "Fast Feedback", budgetMs: 120_000, categories: ["smoke", "unit", "lint"] };
const core = {
  id: "core",
  name: "Core Integration",
  budgetMs: 600_000,
  categories: ["database", "api", "websocket", "integration"],
};
const service = {
  id: "service",
  name: "Service Integration",
  budgetMs: 1_200_000,
  categories: ["agent", "e2e_critical", "frontend"],
};
const state = "service_state_changed";

function begin(notes: readonly string[] = []): EventScript {
  const run = new EventScript(scriptPlan([fast, core, service], notes));
  const [started] = run.events;
  const expectedMs = { smoke: 700, unit: 41_000, database: 4_200, api: 62_000, websocket: 9_000, agent: 300_000 };
  run.events[0] = { ...(started as RunEventOf<"run_started">), expectedMs };
  return run;
}

function sampled(run: EventScript, nodeId: string, cpuPercent: number, mebibytes: number): EventScript {
  const memoryBytes = mebibytes * 1024 * 1024;
  return run.event({ type: "process_sampled", nodeId, attempt: 1, processes: 3, memoryBytes, cpuPercent });
}

function fastPassed(run: EventScript): EventScript {
  run.layerStarted("fast").nodeStarted("smoke").wait(600).tests("smoke", passingTests(4)).nodeCompleted("smoke");
  run.nodeStarted("unit").nodeStarted("lint").wait(1_900).tests("unit", passingTests(39)).nodeCompleted("unit");
  return run.tests("lint", passingTests(1)).nodeCompleted("lint").layerCompleted("fast");
}

function withFailure(): EventScript {
  const run = fastPassed(begin(["e2e_background is left out: the config does not mention it"]));
  run.event({ type: state, service: "postgresql", to: "healthy", owner: "started", durationMs: 1_400 });
  run.event({ type: state, service: "redis", to: "healthy", owner: "reused" });
  run.layerStarted("core").nodeStarted("database").nodeStarted("api");
  run.wait(4_300).tests("database", passingTests(12)).nodeCompleted("database").nodeStarted("websocket");
  const failing = scriptTest("reconnects after the server went away", {
    suites: ["Socket"],
    file: "test/socket.test.ts",
    line: 41,
    status: "failed",
    message: "expected 1 to be 2\n\n- Expected\n+ Received\n",
  });
  run.tests("websocket", [...passingTests(9), failing]).wait(9_000);
  run.nodeCompleted(
    "websocket",
    { status: "failed", reason: "1 of 10 tests failed" },
    { evidence: { command: "vitest run", logFile: "logs/orchestration/websocket.log", exitCode: 1 } },
  );
  run.tests("api", [...passingTests(64), scriptTest("breaks", { status: "failed" })]);
  run.output("api", "\u001b[32m ✓\u001b[39m test/orders.test.ts (12 tests) 40ms, the 23rd file of this project\n");
  sampled(run, "api", 143, 312);
  return run.event({
    type: "resource_sampled",
    cpuPercent: 6,
    memoryBytes: 96 * 1024 * 1024,
    queueDepth: 0,
    running: 1,
  });
}

function servicesComingUp(): EventScript {
  const run = fastPassed(begin());
  run.event({ type: state, service: "redis", to: "healthy", owner: "reused" });
  run.event({ type: state, service: "mail", to: "running-unchecked", owner: "foreign" });
  run.event({ type: state, service: "postgresql", to: "starting", reason: "the server is starting up (57P03)" });
  return run.event({ type: state, service: "backend_service", to: "starting", reason: "GET /health answers 503" });
}

function overBudget(): EventScript {
  const run = begin().layerStarted("fast").nodeStarted("smoke").wait(600).tests("smoke", passingTests(4));
  run.nodeCompleted("smoke").nodeStarted("unit").nodeStarted("lint").tests("unit", passingTests(39)).wait(131_000);
  return sampled(sampled(run, "unit", 99, 1_480), "lint", 12, 80);
}

function manyCategories(): EventScript {
  const categories = Array.from({ length: 120 }, (_, index) => `package-${String(index + 1).padStart(3, "0")}`);
  const run = new EventScript(
    scriptPlan([{ id: "fast", name: "Every Package", budgetMs: 600_000, categories }, service]),
  );
  run.layerStarted("fast");
  for (const [index, id] of categories.slice(0, 70).entries()) {
    run.nodeStarted(id).wait(700).tests(id, passingTests(5));
    if (index % 20 === 7) run.tests(id, [scriptTest("breaks", { status: "failed" })]);
    run.nodeCompleted(id, index % 20 === 7 ? { status: "failed", reason: "1 of 6 tests failed" } : undefined);
  }
  for (const id of categories.slice(70, 78)) run.nodeStarted(id).wait(400).tests(id, passingTests(2));
  return run;
}

function hybrid(): EventScript {
  const run = fastPassed(begin(["e2e_background runs in the background"])).layerStarted("core");
  return run.nodeStarted("database").nodeStarted("api").wait(3_000).tests("database", passingTests(3));
}

function done(): EventScript {
  const run = withFailure().wait(30_000).nodeCompleted("api", { status: "failed", reason: "1 of 65 tests failed" });
  run.nodeStarted("integration").wait(2_000).tests("integration", passingTests(8)).nodeCompleted("integration");
  run.layerCompleted("core", { status: "failed", reason: "2 of 4 categories did not pass" });
  const gate = { status: "skipped", cause: "dependency", reason: "Core Integration did not pass" } as const;
  for (const id of service.categories) run.nodeCompleted(id, gate);
  return run.layerCompleted("service", gate).runCompleted({ status: "failed", reason: "Core Integration failed" }, 1);
}

function retriesAndSkips(): EventScript {
  const plan = scriptPlan([{ ...core, categories: ["database", "api", "websocket"] }]);
  const skip = { cause: "not-configured", reason: "not configured" } as const;
  const nodes = plan.nodes.map((node) => (node.id === "websocket" ? { ...planNode("websocket", "core"), skip } : node));
  const run = new EventScript({ ...plan, nodes }).layerStarted("core").nodeStarted("database").nodeStarted("api");
  run.wait(2_000).retrying("database", 1, { status: "errored", reason: "no port" }, 5_000);
  return run.event({
    type: "resources_awaited",
    layerId: "core",
    nodeId: "api",
    reason: "another run has the machine",
  });
}

/** The moments that are kept as golden screens, by the name of their file. */
export const scenes: Readonly<Record<string, () => Scene>> = {
  "all-waiting": () => ({ run: begin() }),
  "running-with-failure": () => ({ run: withFailure(), laterMs: 2_000 }),
  "services-coming-up": () => ({ run: servicesComingUp(), laterMs: 3_000 }),
  "over-budget": () => ({ run: overBudget() }),
  "many-categories": () => ({ run: manyCategories(), rows: 24 }),
  "hybrid-with-background": () => ({ run: hybrid(), background: ["1 running, 2 waiting"] }),
  "retries-and-waits": () => ({ run: retriesAndSkips(), laterMs: 1_000 }),
  done: () => ({ run: done() }),
};
