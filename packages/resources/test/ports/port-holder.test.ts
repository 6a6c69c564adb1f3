import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../src/ports/free-port.ts";
import { isListening } from "../../src/ports/is-listening.ts";
import { describeHolder, fixForHolder, portHolder } from "../../src/ports/port-holder.ts";
import { commandRig, server, service, shell, takesConnections, until } from "../command/command-rig.ts";

async function listen(host?: string): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, host, resolve));
  onTestFinished(() => void listener.close());
  return (listener.address() as AddressInfo).port;
}

test("free ports are free, and never given twice", async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  for (const port of ports) expect(await isListening(port)).toBe(false);
  expect(await portHolder(ports[0] ?? 0)).toBeUndefined();
});

test("whoever listens is seen, on whatever address of this machine", async () => {
  for (const host of [undefined, "127.0.0.1", "0.0.0.0", "127.0.0.9"])
    expect(await isListening(await listen(host))).toBe(true);
});

test("the holder of a port is named with its pid, its command line and how to end it", async () => {
  const port = await listen();
  const holder = await portHolder(port);
  expect(holder).toMatchObject({ port, pid: process.pid, program: "node" });
  expect(holder && describeHolder(holder)).toMatch(new RegExp(`^node \\(pid ${process.pid}, ".*node.*"\\)$`));
  expect(holder && fixForHolder(holder)).toBe(`kill ${process.pid}`);
});

test("a service that apex has started is named as one, though a child of it listens", async () => {
  const rig = commandRig();
  // The shell stays, and its child gets an environment without any mark.
  const script = `env -i PORT=$PORT ${process.execPath} -e '${server}'; true`;
  const instance = await rig.start(service(shell(script), { port: "auto" }));
  const { port = 0 } = instance.place;
  await until(() => takesConnections(port));
  const holder = await portHolder(port, rig.registry.list().records);
  expect(holder && describeHolder(holder)).toBe(`the service it of ${rig.projectRoot} (pid ${holder?.pid})`);
  expect(holder && fixForHolder(holder)).toBe("apex services down it");
});

test.runIf(process.getuid?.() === 0)("of another user's process no more is told than can be seen", async () => {
  const port = await listen();
  const script = `import("${new URL("../../src/ports/port-holder.ts", import.meta.url).href}").then(async ({ portHolder, describeHolder, fixForHolder }) => {
    process.setgroups([65534]); process.setgid(65534); process.setuid(65534);
    const holder = await portHolder(${port});
    console.log(describeHolder(holder) + "; " + fixForHolder(holder));
  })`;
  const asker = spawn(process.execPath, ["--conditions=@netra-apex/source", "-e", script]);
  expect(await outputOf(asker)).toBe(`a process of another user (root); sudo lsof -i :${port} -sTCP:LISTEN\n`);
});

async function outputOf(child: ChildProcess): Promise<string> {
  let output = "";
  child.stdout?.on("data", (bytes: Buffer) => (output += bytes.toString()));
  child.stderr?.on("data", (bytes: Buffer) => (output += bytes.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  return output;
}
