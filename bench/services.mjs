// Services: what bringing one up costs beside its bare process, what a look of each kind costs beside a bare connection,
// and what a run pays for services that are up already.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "@netra-apex/core";
import { createProbe, freePort, ServiceManager } from "@netra-apex/resources";
import { apexProgram, compare, timeProcess } from "./measure.mjs";

const rounds = Number(process.argv[2] ?? 15);
const looks = 100;
const project = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
const serverFile = path.join(project, "server.mjs");
writeFileSync(
  serverFile,
  'import { createServer } from "node:net"; createServer((socket) => socket.on("error", () => {})).listen(Number(process.env.PORT));\n',
);
writeFileSync(
  path.join(project, "apex.yaml"),
  `categories:
  noop: { command: 'true' }
  served: { command: 'true' }
services:
  server: { command: [${JSON.stringify(process.execPath)}, server.mjs], port: auto, health: { tcp: "{host}:{port}" } }
layers:
  bare: { categories: [noop] }
  with_service: { categories: [served], required_services: [server] }
`,
);

async function timed(work) {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** Whether something takes one. */
async function connection(port) {
  const socket = connect(port, "localhost");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** By hand: start it, and try until it takes a connection. */
async function bareStart() {
  const port = await freePort();
  let child;
  const ms = await timed(async () => {
    child = spawn(process.execPath, [serverFile], { env: { ...process.env, PORT: String(port) }, stdio: "ignore" });
    while (!(await connection(port))) await sleep(5);
  });
  child.kill("SIGKILL");
  await once(child, "exit");
  return ms;
}

const config = await loadConfig({ cwd: project });
async function managedStart() {
  const manager = new ServiceManager({ config });
  const ms = await timed(async () => {
    const missing = await manager.up(["server"], AbortSignal.timeout(60_000));
    if (missing.length > 0) throw new Error(missing[0].reason);
  });
  await manager.down();
  return ms;
}

await compare({
  title: "a process until it takes connections",
  rounds,
  floor: "spawn and connect",
  contenders: { "spawn and connect": bareStart, "ServiceManager.up": managedStart },
});

/** Servers that answer at once, so that what is measured is ours. */
async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}
const answering = (answer) =>
  createServer((socket) => socket.on("error", () => {}).once("data", () => socket.write(answer)));
const servers = {
  tcp: createServer((socket) => socket.on("error", () => {}).resume()),
  http: createHttpServer((_, response) => response.end("ok")),
  redis: answering("+PONG\r\n"),
  // Authentication is ok; ready for a query.
  postgres: answering(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])),
};
const ports = Object.fromEntries(
  await Promise.all(Object.entries(servers).map(async ([kind, server]) => [kind, await listen(server)])),
);
const checks = {
  tcp: { kind: "tcp", address: `127.0.0.1:${ports.tcp}` },
  http: { kind: "http", url: `http://127.0.0.1:${ports.http}/` },
  redis: { kind: "redis", url: `redis://127.0.0.1:${ports.redis}` },
  postgres: { kind: "postgres", url: `postgres://test@127.0.0.1:${ports.postgres}/test` },
};
const looksAt = ([kind, check]) => {
  const probe = createProbe(check, { place: { host: "127.0.0.1" } });
  const signal = new AbortController().signal;
  const look = async () => {
    const result = await probe({ deadlineMs: 5_000, signal });
    if (!result.isReady) throw new Error(`${kind}: ${result.detail}`);
  };
  return [kind, () => timed(() => repeat(look))];
};
async function repeat(work) {
  for (let count = 0; count < looks; count += 1) await work();
}
await compare({
  title: `${looks} looks, one after the other`,
  rounds,
  floor: "connect",
  contenders: {
    connect: () => timed(() => repeat(() => connection(ports.tcp))),
    ...Object.fromEntries(Object.entries(checks).map(looksAt)),
  },
});
for (const server of Object.values(servers)) {
  server.close();
  server.closeAllConnections?.();
}

const apex = (...args) => timeProcess(process.execPath, [apexProgram, ...args], { cwd: project });
execFileSync(process.execPath, [apexProgram, "services", "up"], { cwd: project, stdio: "ignore" });
try {
  await compare({
    title: "a run of one no-op category, whole process",
    rounds,
    floor: "without services",
    contenders: {
      "without services": () => apex("run", "noop", "--progress-mode", "simple"),
      "its service is up": () => apex("run", "served", "--progress-mode", "simple"),
    },
  });
} finally {
  execFileSync(process.execPath, [apexProgram, "services", "down"], { cwd: project, stdio: "ignore" });
  rmSync(project, { recursive: true });
}
