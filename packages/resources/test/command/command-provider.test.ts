import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ServiceError } from "../../src/service-error.ts";
import {
  commandRig,
  idle,
  leftIn,
  node,
  processesWith,
  server,
  service,
  shell,
  soon,
  takesConnections,
  until,
} from "./command-rig.ts";

/** A server of somebody else; its port. */
async function foreignServer(port = 0): Promise<number> {
  const foreign = createServer((_, answer) => answer.end("mine"));
  await new Promise<void>((resolve) => foreign.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void foreign.close());
  return (foreign.address() as AddressInfo).port;
}

async function errorOf(promise: Promise<unknown>): Promise<ServiceError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ServiceError)) throw new Error(`expected a ServiceError, not ${String(error)}`);
  return error;
}

test("a command on any free port listens there, its output is kept, and nothing is left once it is stopped", async () => {
  const rig = commandRig();
  const instance = await rig.start(
    service(node(`console.log("out"); console.error("err"); ${server}`), { port: "auto" }),
  );
  const { port = 0, directory = "" } = instance.place;
  await until(() => takesConnections(port));
  expect(instance.owner).toBe("started");
  expect(await instance.status(soon)).toEqual({
    state: "running-unchecked",
    identity: expect.stringMatching(/^\d+-\d+$/),
  });
  expect(await instance.output(soon)).toBe("out\nerr\n");
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(leftIn(rig)).toHaveLength(3);
  await instance.stop();
  expect(await takesConnections(port)).toBe(false);
  expect(leftIn(rig)).toEqual([]);
  expect(await instance.status(soon)).toEqual({ state: "missing", reason: "it was stopped" });
  expect(await instance.output(soon)).toBe("out\nerr\n");
});

test("placeholders are filled in the command, the directory and the environment; the config's own variables win", async () => {
  const rig = commandRig();
  mkdirSync(path.join(rig.projectRoot, "db"));
  const instance = await rig.start(
    service(
      node(
        "console.log(JSON.stringify([process.argv.slice(1), process.cwd(), process.env]))",
        "--",
        "--at",
        "{db.host}:{db.port}",
        "{dir}/x",
      ),
      { cwd: `${rig.projectRoot}/{db.dir}`, port: "auto", env: { OWN: "p{port}", DB_HOST: "mine" } },
      { isOneShot: true, needs: ["db"] },
    ),
    { others: new Map([["db", { host: "::1", port: 7, directory: "db" }]]), env: { DB_HOST: "::1", DB_PORT: "7" } },
  );
  await until(async () => (await instance.status(soon)).state === "completed");
  const [args, cwd, env] = JSON.parse(await instance.output(soon)) as [string[], string, Record<string, string>];
  const { port, directory } = instance.place;
  expect(args).toEqual(["--at", "[::1]:7", `${directory}/x`]);
  expect(cwd).toBe(path.join(rig.projectRoot, "db"));
  expect(env).toMatchObject({ PORT: String(port), OWN: `p${port}`, DB_HOST: "mine", DB_PORT: "7" });
  expect(env["PATH"]?.split(":")[0]).toBe(path.join(rig.projectRoot, "db/node_modules/.bin"));
});

test("what ends is told at once, with its exit code and its last line; a one-shot that ends well has completed", async () => {
  const rig = commandRig();
  const instance = await rig.start(
    service(node(`console.log("1\\n2\\n3\\n4"); setTimeout(() => process.exit(3), 100)`)),
  );
  await new Promise<void>((resolve) => instance.onChange?.(resolve));
  expect(await instance.status(soon)).toMatchObject({
    state: "exited",
    exitCode: 3,
    reason: "its command ended with exit code 3: 4",
  });
  const once = service(shell("exit 0"), {}, { name: "once", isOneShot: true });
  const oneShot = await rig.start(once);
  await until(async () => (await oneShot.status(soon)).state === "completed");
  const failed = await rig.start({ ...once, provider: { ...service(shell("kill -9 $$")).provider } });
  await until(async () => (await failed.status(soon)).state === "exited");
  expect((await failed.status(soon)).reason).toBe("its command was ended by SIGKILL");
});

test("one that is held up by a signal is paused, and ends like others", async () => {
  const instance = await commandRig().start(service(shell("kill -STOP $$; sleep 60")));
  await until(async () => (await instance.status(soon)).state === "paused");
  expect((await instance.status(soon)).reason).toMatch(/^process \d+ was stopped by a signal/);
  const before = performance.now();
  await instance.stop();
  expect(performance.now() - before).toBeLessThan(2_000);
});

test("one that does not end when it is asked is killed after its time, with children that left its session", async () => {
  const rig = commandRig();
  const child = `process.on("SIGTERM", () => {}); ${idle}`;
  const code = `
    const { spawn } = require("node:child_process");
    process.on("SIGTERM", () => {});
    spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { detached: true, stdio: "ignore" }).unref();
    ${idle} console.log("ready")`;
  const instance = await rig.start(service(node(code), {}, { stopTimeoutMs: 300 }));
  const [record] = rig.registry.list().records;
  const id = record?.id ?? "";
  await until(() => processesWith(id).length === 2);
  await until(async () => (await instance.output(soon)).includes("ready"));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = performance.now();
  await instance.stop();
  expect(performance.now() - before).toBeGreaterThan(290);
  expect(performance.now() - before).toBeLessThan(3_000);
  expect(processesWith(id)).toEqual([]);
  expect(leftIn(rig)).toEqual([]);
});

test("a daemon that leaves its command is told of, and ended with it", async () => {
  const rig = commandRig();
  const instance = await rig.start(service(shell("setsid sleep 300 & exit 0")));
  await until(async () => (await instance.status(soon)).state === "exited");
  expect((await instance.status(soon)).reason).toMatch(
    /^its command ended with exit code 0, and left process \d+ behind: a service has to stay in the foreground$/,
  );
  const [record] = rig.registry.list().records;
  expect(processesWith(record?.id ?? "")).toHaveLength(1);
  await instance.stop();
  expect(processesWith(record?.id ?? "")).toEqual([]);
});

test("the signal of the config asks it to end, and comes once", async () => {
  const rig = commandRig();
  const told = path.join(rig.projectRoot, "told");
  const code = `for (const s of ["SIGINT", "SIGTERM"]) process.on(s, () => {
    require("node:fs").appendFileSync(${JSON.stringify(told)}, s + " "); setTimeout(() => process.exit(), 100) }); ${idle} console.log("ready")`;
  const instance = await rig.start(service(node(code), { stopSignal: "SIGINT" }));
  await until(async () => (await instance.output(soon)).includes("ready"));
  await instance.stop();
  expect(readFileSync(told, "utf8")).toBe("SIGINT ");
});

test("what cannot be started says why, what to do, and leaves nothing", async () => {
  const rig = commandRig();
  const missing = await errorOf(rig.start(service({ kind: "argv", file: "no-such-server", args: [] })));
  expect(missing.message).toMatch(/^it cannot be started: the command "no-such-server" was not found in \//);
  expect(missing.fix).toBe("install it, or correct services.it.command");
  const nowhere = await errorOf(rig.start(service(shell("true"), { cwd: "/no/such" })));
  expect(nowhere.message).toBe("it cannot be started: its directory /no/such does not exist");
  const file = path.join(rig.projectRoot, "server");
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o600 });
  const locked = await errorOf(rig.start(service({ kind: "argv", file, args: [] })));
  expect(locked).toMatchObject({
    message: `it cannot be started: "${file}" may not be executed`,
    fix: `chmod +x ${file}`,
  });
  expect(leftIn(rig)).toEqual([]);
});

test("nobody who has given up gets a service", async () => {
  const rig = commandRig();
  const giveUp = new AbortController();
  const start = rig.start(service(node(idle), { port: "auto" }), { signal: giveUp.signal });
  setTimeout(() => giveUp.abort(new Error("given up")), 100);
  await expect(start).rejects.toThrow("given up");
  expect(leftIn(rig)).toEqual([]);
});

test("a taken port is refused with the process that holds it, and the commands that help", async () => {
  const rig = commandRig();
  const port = await foreignServer();
  const error = await errorOf(rig.start(service(node(server), { port })));
  expect(error.message).toMatch(`it cannot be started: port ${port} is held by node (pid ${process.pid}, "`);
  expect(error.fix).toBe(`kill ${process.pid}, or give services.it the port: auto`);
  expect(leftIn(rig)).toEqual([]);
});

test("what somebody else runs at a fixed port is foreign, and is never stopped", async () => {
  const rig = commandRig();
  const port = await foreignServer();
  const found = await rig.provider.find(service(node(server), { port }), rig.context());
  expect(found?.owner).toBe("foreign");
  expect(found?.place).toEqual({ host: "localhost", port });
  expect(await found?.status(soon)).toMatchObject({ state: "running-unchecked" });
  await found?.stop();
  expect(await takesConnections(port)).toBe(true);
  expect(await rig.provider.find(service(node(server), { port: "auto" }), rig.context())).toBeUndefined();
});

test("one that finds its port taken gets another one", async () => {
  const rig = commandRig();
  const first = path.join(rig.projectRoot, "first");
  // The first one waits until the test has taken its port.
  const code = `const fs = require("node:fs"), net = require("node:net"), { PORT } = process.env;
    const listen = () => net.createServer().listen(PORT, "127.0.0.1");
    const isFirst = !fs.existsSync(${JSON.stringify(first)});
    if (isFirst) fs.writeFileSync(${JSON.stringify(first)}, PORT);
    const look = () => net.connect(PORT, "127.0.0.1", listen).on("error", () => setTimeout(look, 5));
    isFirst ? look() : listen();`;
  const start = rig.start(service(node(code), { port: "auto" }));
  await until(() => existsSync(first) && readFileSync(first, "utf8") !== "");
  const taken = await foreignServer(Number(readFileSync(first, "utf8")));
  const { port = 0 } = (await start).place;
  expect(port).not.toBe(taken);
  await until(() => takesConnections(port));
  expect(rig.said).toEqual([`port ${taken} was taken before it came to it: it gets another one`]);
  expect(leftIn(rig)).toHaveLength(3);
});

test("what one run has started for itself is nothing for another to stand on", async () => {
  const rig = commandRig();
  const port = (await rig.start(service(node(""), { port: "auto" }))).place.port ?? 0;
  const wanted = service(node(server), { port });
  const own = await rig.start(wanted);
  await until(() => takesConnections(port));
  const other = commandRig(rig.projectRoot);
  expect(await other.provider.find(wanted, other.context())).toBeUndefined();
  const error = await errorOf(other.start(wanted));
  expect(error.message).toMatch(`port ${port} is held by the service it of ${rig.projectRoot}`);
  expect(error.fix).toMatch(/^apex services down it, or /);
  expect((await own.status(soon)).state).toBe("running-unchecked");
  expect(existsSync(own.place.directory ?? "")).toBe(true);
});
