// What a run costs its followers, the worst of them: nobody there, nobody who answers, nobody who reads, a reporter that throws.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { apexProgram, compare, timeProcess } from "./measure.mjs";

const many = Number(process.argv[2] ?? 40);
const rounds = Number(process.argv[3] ?? 5);
const token = randomBytes(32).toString("base64url");
const names = Array.from({ length: many }, (_, index) => `c${index}`);
const root = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
writeFileSync(path.join(root, "talks.sh"), "i=0\nwhile [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done\nsleep 0.4\n");
writeFileSync(
  path.join(root, "throws.mjs"),
  'export default { name: "throws", onEvent() { throw new Error("of its own"); } };\n',
);
writeFileSync(
  path.join(root, "apex.yaml"),
  [
    "extends: none",
    "layers:",
    `  all: { execution_mode: parallel, categories: [${names.join(", ")}] }`,
    "categories:",
    ...names.map((name) => `  ${name}: { command: sh talks.sh }`),
  ].join("\n"),
);

/** Takes connections and never says a word. */
const silent = net.createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
await new Promise((resolve) => silent.once("listening", resolve));
const silentUrl = `ws://127.0.0.1:${silent.address().port}`;

/** Subscribes to all that there is at a port, as soon as somebody listens there, and never reads. */
function stall(port) {
  let socket;
  let isOver = false;
  const dial = () => {
    socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => !isOver && setTimeout(dial, 5));
    socket.on("connect", () => {
      const key = randomBytes(16).toString("base64");
      socket.write(
        `GET /v1/subscribe HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: apex.v1\r\n` +
          `Authorization: Bearer ${token}\r\n\r\n`,
      );
    });
    socket.once("data", () => {
      socket.pause();
      const text = Buffer.from(JSON.stringify({ type: "subscribe", id: "all" }));
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
    });
  };
  dial();
  return () => {
    isOver = true;
    socket.destroy();
  };
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const env = { ...process.env, APEX_WEBSOCKET_TOKEN: token };
const run = (...more) =>
  timeProcess(process.execPath, [apexProgram, "run", "--max-parallel", "2", "--progress-mode", "simple", ...more], {
    cwd: root,
    env,
  });
async function runStalled(...more) {
  const port = await freePort();
  const end = stall(port);
  try {
    return await run("--websocket-port", String(port), ...more);
  } finally {
    end();
  }
}

await compare({
  title: `${many} categories of 500 lines and 0.4 s, two at a time, whole process`,
  rounds,
  floor: "alone",
  contenders: {
    alone: () => run(),
    "hub not there": () => run("--websocket-url", "ws://127.0.0.1:1"),
    "hub never answers": () => run("--websocket-url", silentUrl),
    "reader stalled": () => runStalled(),
    "reporter throws": () => run("--reporter", "./throws.mjs"),
    "all at once": () => runStalled("--websocket-url", silentUrl, "--reporter", "./throws.mjs"),
  },
});
silent.close();
rmSync(root, { recursive: true });
process.exit();
