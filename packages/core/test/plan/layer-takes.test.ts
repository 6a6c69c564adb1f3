import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import type { LayerNeeds } from "../../src/plan/plan.ts";
import { resolvePlan } from "../../src/plan/resolve-plan.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

const mib = 2 ** 20;

async function needs(yaml: string, layer = "only"): Promise<LayerNeeds | undefined> {
  const config = await loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }) });
  return resolvePlan(config, { layers: [layer] }).layers[0]?.needs;
}

describe("a layer needs of the machine", () => {
  it("the memory that the config gives it", async () => {
    const yaml = "layers: { only: { categories: [a], resource_limits: { max_memory: 64MiB } } }\n";
    expect(await needs(`${yaml}categories: { a: { command: x } }\n`)).toMatchObject({ memoryBytes: 64 * mib });
  });

  it("nothing for a built-in limit, unless its categories reserve memory", async () => {
    expect(await needs("categories: { unit: { command: x } }\n", "fast_feedback")).toBeUndefined();
    const reserving = "categories: { unit: { command: x, reserves: { memory: 1MiB } } }\n";
    expect(await needs(reserving, "fast_feedback")).toMatchObject({ memoryBytes: 512 * mib });
    const cpus = "categories: { unit: { command: x, reserves: { cpus: 1 } } }\n";
    expect(await needs(cpus, "fast_feedback")).toBeUndefined();
  });

  it("what its services take beside it, those that they need too, but not those of somebody else", async () => {
    const yaml = [
      "layers: { only: { categories: [a], required_services: [web, far], resource_limits: { max_memory: 64MiB } } }",
      "categories: { a: { command: x } }",
      "services:",
      "  db: { command: serve, reserves: { memory: 32MiB, cpus: 0.5 } }",
      "  web: { command: serve, needs: [db], reserves: { memory: 16MiB } }",
      "  far: { health: { tcp: 1 }, reserves: { memory: 1GiB } }",
    ];
    expect(await needs(yaml.join("\n"))).toMatchObject({
      memoryBytes: 64 * mib,
      serviceReserves: { memoryBytes: 48 * mib, cpus: 0.5 },
    });
  });

  it("slots of services that say how many may use them, and ports that only one can have, of their dependencies too", async () => {
    const config = (services: string): string =>
      `layers: { only: { categories: [a], required_services: [db] } }\ncategories: { a: { command: x } }\nservices: { ${services} }\n`;
    const cache = "cache: { docker: { image: redis, ports: [6379] } }";
    const fixed = 'docker: { image: postgres, ports: ["5434:5432"] }';
    expect((await needs(config(`db: { ${fixed} }`)))?.slots).toEqual([{ name: "host:port 5434", of: 1 }]);
    expect((await needs(config(`db: { ${fixed}, reuse: true }`)))?.slots).toBeUndefined();
    expect((await needs(config(`db: { ${fixed}, reuse: true, slots: 3 }`)))?.slots).toEqual([
      { name: "service db", of: 3 },
    ]);
    expect((await needs(config("db: { command: serve, port: 4000 }")))?.slots).toEqual([
      { name: "host:port 4000", of: 1 },
    ]);
    expect((await needs(config("db: { command: serve, port: auto }")))?.slots).toBeUndefined();
    expect((await needs(config(`db: { command: serve, port: 4000, start: never }`)))?.slots).toBeUndefined();
    expect((await needs(config(`db: { command: serve, needs: [cache] }, ${cache}`)))?.slots).toBeUndefined();
    const locked = "cache: { command: serve, port: 4001 }";
    expect((await needs(config(`db: { command: serve, needs: [cache] }, ${locked}`)))?.slots).toEqual([
      { name: "host:port 4001", of: 1 },
    ]);
  });
});
