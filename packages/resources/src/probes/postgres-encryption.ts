import { readFile } from "node:fs/promises";
import path from "node:path";
import { type CheckAddress, describeThrown } from "@netra-apex/core";
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

/** What an address says about certificates; `directory` is where its files are. Rejects where one that is needed cannot be read. */
export async function postgresEncryption(
  postgres: PostgresAddress,
  security: Exclude<PostgresSecurity, "clear">,
  { directory }: { readonly directory: string },
): Promise<Encryption> {
  const { encryption, trustedFile } = postgres;
  const isVerified = encryption.startsWith("verify-") || (encryption === "require" && trustedFile !== undefined);
  const isOwn = trustedFile !== undefined && trustedFile !== "system";
  return {
    isVerified,
    isHostVerified: encryption === "verify-full",
    ...(isVerified && isOwn ? { trusted: await readCertificates(path.resolve(directory, trustedFile)) } : {}),
    question: {
      text: encryptionRequest,
      judge: (answer) => judgeAnswer(answer, postgres, security),
    },
  };
}

async function readCertificates(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`the file of sslrootcert cannot be read: ${describeThrown(error)}`, { cause: error });
  }
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
