import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findProcessLeftovers } from "../../src/instances/process-leftovers.ts";
import { readProcess } from "../../src/command/process-table.ts";
import {
  commandRig,
  type CommandRig,
  idle,
  leftIn,
  node,
  processesWith,
  service,
  startOwner,
  until,
} from "../command/command-rig.ts";

/** Starts a service, and kills its owner and the keeper that would end it. */
async function abandoned(rig: CommandRig): Promise<{ readonly id: string; readonly pid: number }> {
  const { owner, told } = await startOwner(rig, { services: [service(node(idle))], ending: "wait" });
  const id = told[0]?.id ?? "?";
  const pid = told[0]?.pid ?? 0;
  const keepers = processesWith("service-keeper-main").filter((child) => readProcess(child)?.parent === owner.pid);
  for (const keeper of keepers) process.kill(keeper, "SIGSTOP");
  owner.kill("SIGKILL");
  await until(() => readProcess(owner.pid ?? 0) === undefined);
  for (const keeper of keepers) process.kill(keeper, "SIGKILL");
  return { id, pid };
}

describe.runIf(process.platform === "linux")("what is left of processes", () => {
  test("a service whose owner and keeper were killed is told of, and removed with all that belongs to it", async () => {
    const rig = commandRig();
    const { id, pid } = await abandoned(rig);
    const leftovers = findProcessLeftovers(rig.registry);
    expect(leftovers).toHaveLength(1);
    expect(leftovers[0]?.kind).toBe("process");
    expect(leftovers[0]?.description).toMatch(`the service it of ${rig.projectRoot}: process ${pid} (`);
    await leftovers[0]?.remove();
    await leftovers[0]?.remove();
    expect(processesWith(id)).toEqual([]);
    expect(leftIn(rig)).toEqual([]);
    expect(findProcessLeftovers(rig.registry)).toEqual([]);
  });

  test("its directory and log are left when it has ended itself", async () => {
    const rig = commandRig();
    const { pid } = await abandoned(rig);
    process.kill(pid, "SIGKILL");
    await until(() => readProcess(pid) === undefined);
    const [leftover] = findProcessLeftovers(rig.registry);
    expect(leftover).toMatchObject({ kind: "files" });
    expect(leftover?.description).toMatch(/^the service it of \S+, which has ended: \/\S+ and \/\S+\.log$/);
    await leftover?.remove();
    expect(leftIn(rig)).toEqual([]);
  });

  test("a process of which no record tells is found by its mark, but not that of another registry", async () => {
    const rig = commandRig();
    const { id, pid } = await abandoned(rig);
    rig.registry.remove(id);
    const [leftover, ...more] = findProcessLeftovers(rig.registry);
    expect(more).toEqual([]);
    expect(leftover?.description).toMatch(
      new RegExp(`^process ${pid} \\(.+\\) of a service that nothing else is known of$`),
    );
    expect(findProcessLeftovers(commandRig().registry)).toEqual([]);
    await leftover?.remove();
    expect(processesWith(id)).toEqual([]);
  });

  test("what runs for somebody, or is to stay, is no leftover; what cannot be read is", async () => {
    const rig = commandRig();
    await rig.start(service(node(idle)));
    const stays = await rig.start(service(node(idle), {}, { name: "stays" }), { keep: true });
    expect(findProcessLeftovers(rig.registry)).toEqual([]);
    const [record] = rig.registry.forService(rig.projectRoot, "stays");
    if (record) rig.registry.put({ ...record, owner: { ...record.owner, pid: 2 ** 22 } });
    expect(findProcessLeftovers(rig.registry)).toEqual([]);
    await stays.stop();
    writeFileSync(path.join(rig.registry.directory, "half.json"), "{");
    const [leftover] = findProcessLeftovers(rig.registry);
    expect(leftover?.description).toMatch(/half\.json should tell of a service, and cannot be read: /);
    await leftover?.remove();
    expect(findProcessLeftovers(rig.registry)).toEqual([]);
  });
});
