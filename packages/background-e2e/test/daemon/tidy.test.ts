import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { tidy } from "../../src/daemon/tidy.ts";
import { snapshotDirectory } from "../../src/place.ts";
import { listSnapshots } from "../../src/index.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { workerRig } from "../rig/worker-rig.ts";
import { Repository } from "../snapshot/repository.ts";

const built = await buildPackage();

it("snapshots and check-outs stay as long as a task names them, or may in a moment, and are removed then", async () => {
  const rig = await workerRig(built, { categories: { e2e: "command: 'true'" } });
  const repository = new Repository(rig.root);
  repository.git("init", "-q", "-b", "main");
  repository.commit({ a: "1", ".gitignore": "test_reports\nlogs\n" });
  const id = await rig.enqueue("e2e", { isSnapshot: true });
  rig.startDaemon();
  expect(await rig.end(id)).toMatchObject({ state: "completed" });
  const abandoned = path.join(snapshotDirectory(rig.place), "e2e-000000.1");
  mkdirSync(abandoned, { recursive: true });
  const said: string[] = [];
  const look = async (): Promise<number> => {
    await tidy(rig.queue, rig.place, (line) => said.push(line));
    return (await listSnapshots(rig.root)).length;
  };
  expect(await look()).toBe(1);
  await rig.queue.prune({ keep: 0 });
  expect(await look()).toBe(1);
  const later = Date.now() + 60 * 60_000;
  const now = vi.spyOn(Date, "now").mockReturnValue(later);
  onTestFinished(() => now.mockRestore());
  expect(await look()).toBe(0);
  now.mockRestore();
  expect(existsSync(abandoned)).toBe(false);
  expect(said).toContain("removed 1 snapshots");
});
