import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ownProcess, type Service } from "@netra-apex/core";
import { expect, test } from "vitest";
import { configHash } from "../../src/instances/config-hash.ts";
import type { InstanceRecord } from "../../src/instances/instance-record.ts";
import { InstanceRegistry } from "../../src/instances/instance-registry.ts";
import { node, service } from "../command/command-rig.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

function record(id: string, over: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    id,
    service: "db",
    projectRoot: "/project",
    configHash: "c",
    owner: ownProcess(),
    keep: false,
    startedMs: Date.now(),
    host: "localhost",
    what: { kind: "command", process: ownProcess(), commandLine: "db", stopTimeoutMs: 1 },
    ...over,
  };
}

test("what is put is listed, by age, until it is removed; nobody else may read it", () => {
  const directory = path.join(temporaryDirectory(), "a", "services");
  const registry = new InstanceRegistry({ directory });
  expect(registry.list()).toEqual({ records: [], unreadable: [] });
  const younger = record(registry.newId(), { startedMs: 2_000 });
  const elder = record(registry.newId(), { startedMs: 1_000, projectRoot: "/other" });
  for (const one of [younger, elder]) registry.put(one);
  registry.put({ ...younger, port: 7 });
  expect(new InstanceRegistry({ directory }).list().records).toEqual([elder, { ...younger, port: 7 }]);
  expect(registry.forService("/other", "db")).toEqual([elder]);
  expect(registry.forService("/other", "redis")).toEqual([]);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(registry.fileOf(elder.id)).mode & 0o777).toBe(0o600);
  for (let times = 0; times < 2; times += 1) registry.remove(elder.id);
  expect(registry.list().records).toHaveLength(1);
  expect(readdirSync(directory)).toHaveLength(1);
});

test("files that hold no record are told of, and do not hide the others", () => {
  const directory = temporaryDirectory();
  const registry = new InstanceRegistry({ directory });
  registry.put(record("good"));
  writeFileSync(path.join(directory, "half.json"), `{"id": "half", "ser`);
  writeFileSync(path.join(directory, "null.json"), "null");
  writeFileSync(path.join(directory, "other.json"), JSON.stringify(record("renamed")));
  const { what: _, ...nothing } = record("nothing");
  writeFileSync(path.join(directory, "nothing.json"), JSON.stringify(nothing));
  writeFileSync(path.join(directory, "new.json.77.part"), "{");
  mkdirSync(path.join(directory, "directory.json"));
  const { records, unreadable } = registry.list();
  expect(records.map(({ id }) => id)).toEqual(["good"]);
  expect(unreadable.map(({ file }) => path.basename(file)).sort()).toEqual([
    "directory.json",
    "half.json",
    "nothing.json",
    "null.json",
    "other.json",
  ]);
  expect(unreadable.find(({ file }) => file.endsWith("null.json"))?.reason).toBe("not a record of a service");
});

test.runIf(process.platform !== "win32")("where nothing can be kept that is said, with what to do", () => {
  const root = temporaryDirectory();
  const file = path.join(root, "file");
  writeFileSync(file, "");
  chmodSync(root, 0o700);
  const registry = new InstanceRegistry({ directory: path.join(file, "services") });
  expect(() => registry.put(record("a"))).toThrow(/^db cannot be entered among the services of this machine: ENOTDIR/);
  expect(registry.list()).toEqual({ records: [], unreadable: [] });
});

test("ids are never given twice, and tell whose they are", () => {
  const directory = temporaryDirectory();
  const registries = [new InstanceRegistry({ directory }), new InstanceRegistry({ directory })];
  const ids = registries.flatMap((registry) => Array.from({ length: 20 }, () => registry.newId()));
  expect(new Set(ids).size).toBe(40);
  expect(ids.every((id) => id.startsWith(`${registries[0]?.key}-`) && id.includes(`-${process.pid}-`))).toBe(true);
  expect(new InstanceRegistry({ directory: temporaryDirectory() }).key).not.toBe(registries[0]?.key);
});

test("the hash of a config is that of what is started, in whatever order it is written", () => {
  const one = service(node("1"), { env: { A: "1", B: "2" } }, { needs: ["x", "y"] });
  const same: Service = { ...one, needs: ["y", "x"], exports: { URL: "x" }, stopTimeoutMs: 7 };
  const ordered = service(node("1"), { env: { B: "2", A: "1" } }, { needs: ["x", "y"] });
  expect(new Set([one, same, ordered].map((each) => configHash(each))).size).toBe(1);
  const others = [
    service(node("2"), { env: { A: "1", B: "2" } }, { needs: ["x", "y"] }),
    service(node("1"), { env: { A: "1", B: "3" } }, { needs: ["x", "y"] }),
    service(node("1"), { env: { A: "1", B: "2" } }, { needs: ["x"] }),
  ];
  const hashes = [...[one, ...others].map((each) => configHash(each)), configHash(one, { X_PORT: "1" })];
  expect(new Set(hashes).size).toBe(5);
});
