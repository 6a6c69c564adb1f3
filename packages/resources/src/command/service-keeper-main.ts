import { rmSync } from "node:fs";
import process from "node:process";
import { endService } from "./end-service.ts";
import type { KeeperRequest, KeptService } from "./keeper-protocol.ts";
import { ServiceTree } from "./service-tree.ts";

/*
 * The keeper: a process beside each one that starts services. Whatever becomes of that one, its end closes this process' stdin,
 * and then every service that it has not ended itself is ended here, with all that belongs to it.
 */

const services = new Map<string, KeptService>();

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
  void Promise.all([...services.values()].map((service) => end(service))).finally(() => process.exit(0));
});

function take(request: KeeperRequest): void {
  switch (request.type) {
    case "keep":
      services.set(request.service.id, request.service);
      return;
    case "forget":
      services.delete(request.id);
      return;
    default:
      request satisfies never;
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
