import { rmSync } from "node:fs";
import { request } from "node:http";
import process from "node:process";
import { endService } from "./end-service.ts";
import type { KeeperRequest, KeptContainer, KeptService } from "./keeper-protocol.ts";
import { ServiceTree } from "./service-tree.ts";

/*
 * The keeper: a process beside each one that starts services. Whatever becomes of that one, its end closes this process' stdin,
 * and then every service that it has not ended itself is ended here, with all that belongs to it.
 */

const services = new Map<string, KeptService>();
const containers = new Map<string, KeptContainer>();

// Signals are for the owner to answer; a terminal sends them to everyone in the group.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("error", () => undefined);
process.stdin.on("data", (text: string) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) take(JSON.parse(line) as KeeperRequest);
});
process.stdin.on("close", () => {
  const ends = [
    ...[...services.values()].map((service) => end(service)),
    ...[...containers.values()].map((container) => removeContainer(container)),
  ];
  void Promise.all(ends).finally(() => process.exit(0));
});

function take(said: KeeperRequest): void {
  switch (said.type) {
    case "keep":
      services.set(said.service.id, said.service);
      return;
    case "keep-container":
      containers.set(said.container.id, said.container);
      return;
    case "forget":
      services.delete(said.id);
      containers.delete(said.id);
      return;
    default:
      said satisfies never;
  }
}

async function end(service: KeptService): Promise<void> {
  const left = await endService(new ServiceTree(service), service);
  // As long as something of it is left, its record must tell of it.
  if (left.length > 0) return;
  for (const path of service.paths) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // It belongs to somebody else by now; the record that remains tells of it.
      return;
    }
  }
}

/** Its network is in use as long as another container is on it, and the engine says so. */
async function removeContainer({ id, socketPath, network }: KeptContainer): Promise<void> {
  await remove(socketPath, `/containers/${id}?force=true&v=true`);
  await remove(socketPath, `/networks/${encodeURIComponent(network)}`);
}

/** What the engine does not do is found by `apex services doctor`. */
function remove(socketPath: string, path: string): Promise<void> {
  return new Promise((resolve) => {
    const removing = request({ socketPath, path, method: "DELETE", timeout: 20_000 }, (answer) => {
      answer.resume();
      answer.on("close", () => resolve());
    });
    removing.on("timeout", () => removing.destroy());
    removing.on("error", () => resolve());
    removing.end();
  });
}
