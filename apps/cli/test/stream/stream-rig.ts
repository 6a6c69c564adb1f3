import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as dial, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { RunEvent } from "@netra-apex/core";
import { until } from "../rig/project.ts";

/** Where a run's stream is, as it says on stderr. */
export interface Announced {
  readonly url: string;
  readonly port: number;
  /** Absent where the token was given. */
  readonly file?: string;
  readonly page?: string;
}

/** A place for what concerns the user, which no other test shares. */
export function ownState(): Readonly<Record<string, string>> {
  const directory = mkdtempSync(path.join(tmpdir(), "apex-state-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return { XDG_STATE_HOME: directory };
}

/** Waits until a run has said where its stream is. */
export async function announced(run: { readonly stderr: NodeJS.ReadableStream | null }): Promise<Announced> {
  let text = "";
  run.stderr?.on("data", (piece: Buffer | string) => (text += String(piece)));
  const pattern = /^stream {2}(ws:\/\/127\.0\.0\.1:(\d+)), its token is (?:in (.+)|the one given)$/m;
  await until(() => pattern.test(text), "the stream is announced");
  const [, url = "", port = "", file] = pattern.exec(text) ?? [];
  const page = /^page {4}(http:\S+)$/m.exec(text)?.[1];
  return { url, port: Number(port), ...(file !== undefined && { file }), ...(page !== undefined && { page }) };
}

/** The token that a run has written down. */
export function tokenIn(file: string | undefined): string {
  return (JSON.parse(readFileSync(file ?? "", "utf8")) as { readonly token: string }).token;
}

/** A way to a server that can be cut, as networks do. */
export interface CuttableProxy {
  readonly port: number;
  /** Ends all connections of now, in whatever they are in the middle of. */
  cut(): void;
  readonly connections: number;
}

export async function cuttableProxy(to: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((near) => {
    connections += 1;
    const far = dial(to, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        other.destroy();
        sockets.delete(one);
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as { readonly port: number }).port,
    cut,
    get connections() {
      return connections;
    },
  };
}

/** What a run comes to for those who ask for nothing but its verdict. */
export function verdictOf(events: readonly RunEvent[]): unknown {
  const nodes = events.filter((event) => event.type === "node_completed");
  const end = events.find((event) => event.type === "run_completed");
  return {
    nodes: nodes
      .map(({ nodeId, outcome, counts }) => ({ nodeId, status: outcome.status, counts }))
      .toSorted((one, other) => (one.nodeId < other.nodeId ? -1 : 1)),
    outcome: end?.summary.outcome.status,
    exitCode: end?.summary.exitCode,
  };
}
