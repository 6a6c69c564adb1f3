import { describe, expect, it } from "vitest";
import { showPlan } from "../../src/plan/show/show-plan.ts";
import { planOf } from "../rig/run-rig.ts";

const command = { kind: "argv" as const, file: "vitest", args: ["run", "--project", "a b"] };
const plan = planOf(
  [
    {
      id: "fast",
      name: "Fast Feedback",
      executionMode: "sequential",
      maxParallel: 1,
      budgetMs: 120_000,
      failurePolicy: "stop-starting",
      nodes: [{ id: "unit", timeoutMs: 60_000, input: { command } }],
    },
    {
      id: "core",
      name: 'Core "Integration"',
      budgetMs: 600_000,
      gates: ["fast"],
      nodes: [
        { id: "api", needs: [], input: { command: { ...command, args: [] } } },
        { id: "db", needs: ["api"], skip: { cause: "not-configured", reason: "not configured" } },
      ],
    },
  ],
  { runMode: "nightly", maxParallel: 2, notes: ["something was left out"] },
);

describe("the plan as text", () => {
  it("shows layers in order with gates, modes and budgets, and categories with timeouts and commands", () => {
    expect(showPlan(plan, "text")).toBe(
      [
        "plan of run mode nightly · environment test · 2 layers, 2 of 3 categories configured · 2 at once · at most 12m",
        "",
        "1. Fast Feedback  (fast)",
        "   starts at once · sequential · budget 2m · stops at its first failure",
        "   - unit      vitest run --project 'a b'  (at most 1m)",
        "",
        '2. Core "Integration"  (core)',
        "   after fast passed · parallel · 100 at once · budget 10m",
        "   - api       vitest",
        "   - db        not configured",
        "",
        "note: something was left out",
      ].join("\n"),
    );
  });

  it("shows a layer that was left out, with what would hold for it", () => {
    const leftOut = {
      id: "service",
      name: "Service Integration",
      executionMode: "hybrid" as const,
      budgetMs: 1_200_000,
      dependencies: ["core"],
      reason: "none of its categories is configured (agent)",
    };
    expect(showPlan({ ...plan, leftOut: [leftOut] }, "text")).toContain(
      [
        "-  Service Integration  (service)",
        "   left out: none of its categories is configured (agent)",
        "   after core passed · hybrid · budget 20m",
      ].join("\n"),
    );
  });

  it("says of a queued layer that it waits for none, and leaves it out of the longest time", () => {
    const lines = showPlan(plan, "text", { queued: ["core"] }).split("\n");
    expect(lines[0]).toContain(" · 2 at once · 1 layer queued for the background · at most 2m");
    expect(lines).toContain("   into the background queue at once, a task for each category");
    expect(lines.join("\n")).not.toContain("after fast passed");
    expect(JSON.parse(showPlan(plan, "json", { queued: ["core"] }))).toEqual({ ...plan, queued: ["core"] });
  });

  it("says when a layer's budget cuts its categories' timeouts short", () => {
    const layer = { id: "fast", executionMode: "sequential" as const, budgetMs: 120_000 };
    const nodes = [
      { id: "smoke", timeoutMs: 60_000 },
      { id: "unit", timeoutMs: 120_000 },
    ];
    expect(showPlan(planOf([{ ...layer, nodes }]), "text")).toContain(
      "budget 2m (less than its categories' timeouts, 3m)",
    );
  });
});

describe("what a layer needs, in a plan", () => {
  const needs = { services: ["postgresql", 'the "cache"'], whenUnavailable: "wait", waitTimeoutMs: 120_000 } as const;
  const requires = {
    freeMemoryBytes: 2 * 1024 ** 3,
    freeDiskBytes: 1024 ** 3,
    ports: [8080, 9090],
    docker: true,
    credentials: ["API_KEY"],
  };
  const layers = [
    { id: "core", needs, nodes: ["api"] },
    {
      id: "load",
      needs: { ...needs, services: ["postgresql"], requires, whenUnavailable: "fail" as const, isDedicated: true },
      nodes: ["burst"],
    },
    {
      id: "ui",
      needs: { services: [], requires: { ports: [4000] }, whenUnavailable: "skip" as const, waitTimeoutMs: 0 },
      nodes: ["click"],
    },
    {
      id: "alone",
      needs: { services: [], whenUnavailable: "fail" as const, waitTimeoutMs: 0, isDedicated: true },
      nodes: ["solo"],
    },
  ];
  const needy = planOf(layers);

  it("is said with what becomes of the layer without it", () => {
    const lines = showPlan(needy, "text").split("\n");
    const below = (title: string): string | undefined => lines[lines.indexOf(title) + 2];
    expect(below("1. core  (core)")).toBe('   needs postgresql, the "cache" · waits up to 2m if missing, then fails');
    expect(below("2. load  (load)")).toBe(
      "   needs postgresql · 2GiB of free memory · 1GiB of free disk · ports 8080, 9090 free · Docker · API_KEY · fails if missing · no other layer on this machine beside it",
    );
    expect(below("3. ui  (ui)")).toBe("   needs port 4000 free · left out if missing");
    expect(below("4. alone  (alone)")).toBe("   no other layer on this machine beside it");
    expect(JSON.parse(showPlan(needy, "json"))).toEqual(needy);
  });

  it("is not said of a layer that goes into the background queue, whose tasks look after it", () => {
    expect(showPlan(needy, "text", { queued: ["core", "load", "ui", "alone"] })).not.toContain("needs");
  });

  it("is drawn once for each service, with a line to every layer that needs it", () => {
    expect(showPlan(needy, "mermaid").split("\n").slice(-5)).toEqual([
      '  S0[("postgresql")]',
      "  S0 -.- L0",
      "  S0 -.- L1",
      '  S1[("the &quot;cache&quot;")]',
      "  S1 -.- L0",
    ]);
    expect(showPlan(needy, "dot").split("\n").slice(-6, -1)).toEqual([
      '  S0 [label="postgresql", shape=cylinder];',
      "  S0 -> L0 [lhead=cluster_0, style=dotted, dir=none];",
      "  S0 -> L1 [lhead=cluster_1, style=dotted, dir=none];",
      '  S1 [label="the \\"cache\\"", shape=cylinder];',
      "  S1 -> L0 [lhead=cluster_0, style=dotted, dir=none];",
    ]);
  });
});

describe("the plan for programs", () => {
  it("is as JSON the very object that the engine runs", () => {
    expect(JSON.parse(showPlan(plan, "json"))).toEqual(plan);
  });

  it("is as Mermaid a subgraph per layer with gates between them, every label escaped", () => {
    expect(showPlan(plan, "mermaid")).toBe(
      [
        "flowchart LR",
        '  subgraph L0["Fast Feedback (sequential, 2m)"]',
        '    N0["unit (1m)"]',
        "  end",
        '  subgraph L1["Core &quot;Integration&quot; (parallel, 10m)"]',
        '    N1["api"]',
        '    N2["db (not-configured)"]',
        "  end",
        "  L0 ==> L1",
        "  N1 --> N2",
      ].join("\n"),
    );
  });

  it("is as dot a cluster per layer", () => {
    const dot = showPlan(plan, "dot");
    expect(dot).toContain('label="Core \\"Integration\\" (parallel)"');
    expect(dot).toContain("L0 -> L1 [ltail=cluster_0, lhead=cluster_1, style=bold]");
    expect(dot).toContain("N1 -> N2;");
  });
});
