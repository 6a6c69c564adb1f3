import type { CheckAddress } from "@netra-apex/core";
import { addressText, isLoopback } from "./connection-problem.ts";
import { converse } from "./converse.ts";
import { otherProgram } from "./open-connection.ts";
import { excerpt, judgeVersion, type Look, notReady, type ProbeResult, ready } from "./probe.ts";

type RedisAddress = Extract<CheckAddress, { kind: "redis" }>;

/** What is asked one after the other; each has one answer. */
type Question = "auth" | "ping" | "info";

/**
 * Asks a Redis for PING, after AUTH where the address has a password, and for its version where one is wanted. One that wants a
 * password and got none is up. Its protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/.
 */
export async function askRedis(
  redis: RedisAddress,
  { version: wantedVersion }: { readonly version?: string },
  look: Look,
): Promise<ProbeResult> {
  const { host, port, user, password, isEncrypted } = redis;
  const address = addressText(redis);
  const protocol = isEncrypted ? "encrypted redis" : "redis";
  const commands: Readonly<Record<Question, readonly string[]>> = {
    auth: ["AUTH", ...(user === undefined ? [] : [user]), password ?? ""],
    ping: ["PING"],
    info: ["INFO", "server"],
  };
  const questions: Question[] = [...(password === undefined ? [] : ["auth" as const]), "ping"];
  if (wantedVersion !== undefined) questions.push("info");
  // Whom a secret is told has to be the one that it says it is.
  const isVerified = password !== undefined && !isLoopback(host);
  return converse(
    {
      host,
      port,
      protocol,
      ...(isEncrypted ? { encryption: { isVerified, isHostVerified: isVerified } } : {}),
      begin: (socket) => socket.write(encode(commands[questions[0] ?? "ping"])),
      read: (said, socket) => {
        const answer = readAnswer(said);
        if (answer === "other") return otherProgram(protocol, address, said);
        if (!answer) return 0;
        const asked = questions.shift() ?? "ping";
        const result = judge(asked, answer.text, { address, wantedVersion, isLast: questions.length === 0 });
        if (result) return result;
        socket.write(encode(commands[questions[0] ?? "ping"]));
        return answer.length;
      },
    },
    look,
  );
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

/** A whole answer with its first byte, and what it took; `undefined` while it is not whole. */
function readAnswer(said: Buffer): { readonly text: string; readonly length: number } | "other" | undefined {
  if (!/^[+$-]/.test(said.toString("latin1", 0, 1))) return "other";
  const lineEnd = said.indexOf("\r\n");
  if (lineEnd === -1) return undefined;
  const line = said.toString("utf8", 0, lineEnd);
  if (!line.startsWith("$")) return { text: line, length: lineEnd + 2 };
  const size = Number(line.slice(1));
  if (!Number.isInteger(size) || size < -1) return "other";
  const end = lineEnd + 2 + Math.max(size, 0);
  return said.length < end + 2 ? undefined : { text: `$${said.toString("utf8", lineEnd + 2, end)}`, length: end + 2 };
}

function judge(
  asked: Question,
  answer: string,
  { address, wantedVersion, isLast }: { address: string; wantedVersion: string | undefined; isLast: boolean },
): ProbeResult | undefined {
  switch (asked) {
    case "auth":
      if (!answer.startsWith("-") || answer.includes("without any password configured")) return undefined;
      return /^-(LOADING|MASTERDOWN)\b/.test(answer)
        ? judgePing(answer, address)
        : notReady("refused", `${address} does not take the user and the password: ${excerpt(answer.slice(1))}`);
    case "ping":
      if (answer === "+PONG") return isLast ? ready() : undefined;
      return judgePing(answer, address, wantedVersion);
    case "info":
      return judgeVersion(/^redis_version:(\S+)/m.exec(answer)?.[1], wantedVersion, address);
    default:
      return asked satisfies never;
  }
}

/** https://redis.io/docs/latest/commands/ping/; what is said of rights comes from one that is up. */
function judgePing(answer: string, address: string, wantedVersion?: string): ProbeResult {
  if (/^-(NOAUTH|NOPERM|WRONGPASS)\b/.test(answer)) return judgeVersion(undefined, wantedVersion, address);
  if (/^-(LOADING|MASTERDOWN)\b/.test(answer))
    return notReady("starting", `${address} says ${excerpt(answer.slice(1))}`);
  if (/^-[A-Z]+ /.test(answer)) return notReady("unhealthy", `${address} says ${excerpt(answer.slice(1))}`);
  return otherProgram("redis", address, answer);
}
