// Fan-out: events that come in bursts go to many readers, by the hub and by a plain ws broadcast of the same messages.
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createToken, createWebSocketHub, tokenAuthenticator } from "@netra-apex/progress/websocket";
import { WebSocketServer } from "ws";
import { compare } from "./measure.mjs";

const rounds = Number(process.argv[2] ?? 9);
const sizes = (process.argv[3] ?? "1,100,1000").split(",").map(Number);
const burst = Number(process.argv[4] ?? 20);

const clients = fork(path.join(import.meta.dirname, "websocket-clients.mjs"));
async function ask(command, answer) {
  clients.send(command);
  for (;;) {
    const [message] = await once(clients, "message");
    if (answer in message) return;
  }
}

const token = createToken();
const principal = { userId: "local", threads: "all", may: ["subscribe"] };
const hub = createWebSocketHub({
  authenticate: tokenAuthenticator([{ token, ...principal }]),
  limits: { clients: 2_000, pendingHandshakes: 2_000 },
});
const hubServer = createServer();
hub.attach(hubServer);
const plainServer = createServer();
const plain = new WebSocketServer({ server: plainServer, perMessageDeflate: false });
for (const server of [hubServer, plainServer]) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

let runs = 0;
function* makeBursts(events) {
  const runId = `run-${runs}`;
  const note = "something that an agent says about what it does just now, and why";
  for (let seq = 1; seq <= events;) {
    const some = [];
    for (; some.length < burst && seq <= events; seq += 1) {
      const at = new Date().toISOString();
      const text = seq === events ? "the-last-event" : note;
      some.push({
        version: 1,
        seq,
        at,
        runId,
        type: "agent_thinking",
        nodeId: "unit",
        attempt: 1,
        agent: "a",
        note: text,
      });
    }
    yield some;
  }
}

const cpu = { hub: [], "plain ws broadcast": [] };
async function measure(name, events, publish) {
  await ask({ command: "expect" }, "ready");
  const done = new Promise((resolve) => {
    const onMessage = ({ done: isDone }) => {
      if (!isDone) return;
      clients.off("message", onMessage);
      resolve();
    };
    clients.on("message", onMessage);
  });
  const used = process.cpuUsage();
  const started = performance.now();
  for (const some of makeBursts(events)) {
    publish(some);
    await nextTurn();
  }
  await done;
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(used);
  cpu[name].push((user + system) / 1000);
  return ms;
}

const contenders = (events) => {
  // A thread of its own for each round, or readers would be told of the rounds before.
  const reporter = () => hub.createReporter({ threadId: `thread-${runs}` });
  return {
    "plain ws broadcast": {
      port: plainServer.address().port,
      path: "/",
      publish: () => (some) => {
        const message = { type: "events", run: some[0].runId, thread: `thread-${runs}`, events: some };
        const payload = Buffer.from(JSON.stringify(message));
        for (const client of plain.clients) client.send(payload, { binary: false });
      },
    },
    hub: {
      port: hubServer.address().port,
      path: "/v1/subscribe",
      token,
      subscribe: () => JSON.stringify({ type: "subscribe", id: "s", thread: `thread-${runs}` }),
      publish: () => {
        const publisher = reporter();
        return (some) => {
          for (const event of some) publisher.onEvent(event);
        };
      },
    },
    events,
  };
};

for (const count of sizes) {
  const events = count >= 1_000 ? 2_000 : count >= 100 ? 20_000 : 100_000;
  const { events: _events, ...both } = contenders(events);
  for (const name of Object.keys(cpu)) cpu[name] = [];
  await compare({
    title: `${events} events in bursts of ${burst} to ${count} readers, until all have all`,
    rounds,
    floor: "plain ws broadcast",
    contenders: Object.fromEntries(
      Object.entries(both).map(([name, { publish, ...target }]) => [
        name,
        async () => {
          runs += 1;
          await ask({ command: "open", count, ...target, subscribe: target.subscribe?.() }, "opened");
          const ms = await measure(name, events, publish());
          await ask({ command: "close" }, "closed");
          return ms;
        },
      ]),
    ),
  });
  const [ours, floor] = [cpu.hub, cpu["plain ws broadcast"]].map(
    (all) => all.slice(1).sort((a, b) => a - b)[(all.length - 1) >> 1],
  );
  console.log(`  processor time of the process that sends: ${(ours / floor).toFixed(2)} × (${ours.toFixed(0)} ms)`);
}
clients.kill();
await hub.close();
process.exit(0);
