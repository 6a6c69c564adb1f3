import { connect, isIP, type Socket } from "node:net";
import { connect as connectEncrypted } from "node:tls";
import type { CheckAddress } from "@netra-apex/core";
import { connectionProblem, excerpt, hungUp, type ProbeLimits, probing, type ProbeResult } from "./probe.ts";

type SocketHealth = Extract<CheckAddress, { kind: "tcp" | "postgres" | "redis" }>;

/** What a protocol says first, and what an answer means; `undefined` while it is not whole. */
interface Greeting {
  readonly hello: Buffer;
  readonly read: (answer: Buffer) => ProbeResult | undefined;
  /** Said at the end, so that the server need not complain of a lost connection. */
  readonly goodbye?: Buffer;
}

/** An answer that is longer is none to a greeting. */
const longestAnswer = 16 * 1024;

/** Connects, and has a PostgreSQL or Redis say that it is one, without a driver and without a password. */
export function probeSocket(health: SocketHealth, limits: ProbeLimits): Promise<ProbeResult> {
  const { host, port } = health;
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return probing(limits, address, (settle) => {
    const isEncrypted = health.kind === "redis" && health.isEncrypted;
    // Whether to trust its certificate is for those who talk to it.
    const socket: Socket = isEncrypted
      ? connectEncrypted({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) })
      : connect({ host, port });
    const greeting = greetingOf(health, address);
    let answer = Buffer.alloc(0);
    socket.on(isEncrypted ? "secureConnect" : "connect", () => {
      if (greeting) socket.write(greeting.hello);
      else settle("up");
    });
    socket.on("data", (block: Buffer) => {
      answer = Buffer.concat([answer, block]);
      const result = greeting?.read(answer);
      if (result !== undefined) settle(result);
      else if (answer.length > longestAnswer) settle(otherProgram(health.kind, address, answer));
    });
    socket.on("error", (error: Error) => {
      const isOther = isEncrypted && "code" in error && String(error.code).startsWith("ERR_SSL");
      settle(isOther ? otherProgram("encrypted redis", address, error.message) : connectionProblem(error, address));
    });
    socket.on("close", () => settle(answer.length > 0 ? otherProgram(health.kind, address, answer) : hungUp(address)));
    return () => {
      if (greeting?.goodbye && socket.writable) socket.end(greeting.goodbye);
      // A peer that does not close gets no more of our time.
      setImmediate(() => socket.destroy());
    };
  });
}

function otherProgram(kind: string, address: string, said: Buffer | string): ProbeResult {
  return { problem: "other-program", detail: `what listens on ${address} speaks no ${kind}; it says ${excerpt(said)}` };
}

function greetingOf(health: SocketHealth, address: string): Greeting | undefined {
  switch (health.kind) {
    case "tcp":
      return undefined;
    case "redis":
      return { hello: Buffer.from("PING\r\n"), read: (answer) => readPong(answer, address) };
    case "postgres":
      return {
        hello: startupMessage(health),
        read: (answer) => readStartup(answer, address),
        goodbye: Buffer.from([0x58, 0, 0, 0, 4]),
      };
    default:
      return health satisfies never;
  }
}

/** Answers to a PING: https://redis.io/docs/latest/commands/ping/. One that wants a password is up. */
function readPong(answer: Buffer, address: string): ProbeResult | undefined {
  const text = answer.toString("latin1");
  if (!/^[+-]/.test(text)) return otherProgram("redis", address, answer);
  if (!text.includes("\r\n")) return undefined;
  const line = text.slice(0, text.indexOf("\r\n"));
  if (line === "+PONG" || /^-(NOAUTH|NOPERM|WRONGPASS)\b/.test(line)) return "up";
  if (/^-[A-Z]+ /.test(line)) return { problem: "unhealthy", detail: `${address} says ${excerpt(line.slice(1))}` };
  return otherProgram("redis", address, line);
}

/** The first message of a client: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function startupMessage({ user, database }: { user: string; database: string }): Buffer {
  const protocolVersion = Buffer.from([0, 3, 0, 0]);
  const body = Buffer.from(["user", user, "database", database, "application_name", "apex", "", ""].join("\0"));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(4 + protocolVersion.length + body.length);
  return Buffer.concat([length, protocolVersion, body]);
}

/** SQLSTATEs of a server that cannot be used by anybody now: it starts or stops, or has too many clients. */
const unusable = new Set(["57P03", "57P01", "57P02", "53300", "53400", "53100", "53200"]);

/** A server asks for a password or lets one in (`R`); what it says to a wrong user or database (`E`) shows that it is up, too. */
function readStartup(answer: Buffer, address: string): ProbeResult | undefined {
  const type = answer.toString("latin1", 0, 1);
  if (type !== "R" && type !== "E") return otherProgram("postgres", address, answer);
  if (answer.length < 5) return undefined;
  const length = answer.readUInt32BE(1);
  if (length < 8 || length > longestAnswer) return otherProgram("postgres", address, answer);
  if (answer.length < length + 1) return undefined;
  if (type === "R") return "up";
  const fields = new Map(
    answer
      .toString("utf8", 5, length + 1)
      .split("\0")
      .filter((field) => field !== "")
      .map((field) => [field.charAt(0), field.slice(1)]),
  );
  const state = fields.get("C");
  if (state === undefined) return otherProgram("postgres", address, answer);
  if (!unusable.has(state)) return "up";
  return { problem: "unhealthy", detail: `${address} says ${excerpt(fields.get("M") ?? state)}` };
}
