import { readFile } from "node:fs/promises";
import type { CheckAddress } from "@netra-apex/core";
import { addressText } from "./connection-problem.ts";
import { type Encryption, otherProgram } from "./open-connection.ts";
import { encryptionRequest, errorFields, readMessage } from "./postgres-messages.ts";
import { excerpt, notReady, type ProbeResult } from "./probe.ts";

type PostgresAddress = Extract<CheckAddress, { kind: "postgres" }>;

/** How one connection is made. */
export type PostgresSecurity = "clear" | "encrypted if offered" | "encrypted";

/** How to connect, and how else if the server has no rule for that, as every client of PostgreSQL does. */
export function securityOf(
  encryption: PostgresAddress["encryption"],
): readonly [first: PostgresSecurity, second?: PostgresSecurity] {
  switch (encryption) {
    case "disable":
      return ["clear"];
    case "allow":
      return ["clear", "encrypted if offered"];
    case "prefer":
      return ["encrypted if offered", "clear"];
    case "require":
    case "verify-ca":
    case "verify-full":
      return ["encrypted"];
    default:
      return encryption satisfies never;
  }
}

/** What an address says about certificates. Rejects where those that it trusts cannot be read. */
export async function postgresEncryption(
  postgres: PostgresAddress,
  security: Exclude<PostgresSecurity, "clear">,
): Promise<Encryption> {
  const { encryption, trustedFile } = postgres;
  // `system` is the word for the usual ones, of which everybody can have a certificate for some host.
  const isOwn = trustedFile !== undefined && trustedFile !== "system";
  return {
    isVerified: encryption.startsWith("verify-") || (encryption === "require" && trustedFile !== undefined),
    isHostVerified: encryption === "verify-full" || trustedFile === "system",
    ...(isOwn ? { trusted: await readFile(trustedFile) } : {}),
    question: {
      text: encryptionRequest,
      judge: (answer) => judgeAnswer(answer, postgres, security),
    },
  };
}

function judgeAnswer(
  answer: Buffer,
  postgres: PostgresAddress,
  security: Exclude<PostgresSecurity, "clear">,
): "encrypt" | "stay clear" | ProbeResult {
  const address = addressText(postgres);
  switch (answer.toString("latin1")) {
    // Alone: whatever came with it in the clear could be from anybody.
    case "S":
      return "encrypt";
    case "N":
      if (security === "encrypted if offered") return "stay clear";
      return notReady("unhealthy", `${address} does not encrypt, and sslmode=${postgres.encryption} wants it to`);
    default:
      return judgeOther(answer, address);
  }
}

/** A server without room for us says so at once. */
function judgeOther(answer: Buffer, address: string): ProbeResult {
  const message = readMessage(answer, false);
  const error = typeof message === "object" && message.type === "E" ? errorFields(message.body).get("M") : undefined;
  if (error === undefined) return otherProgram("postgres", address, answer);
  return notReady("unhealthy", `${address} says ${excerpt(error, 120)}`);
}
