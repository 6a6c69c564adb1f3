import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** One side of an exchange by which a password is proved without being told (RFC 5802, RFC 7677). */
export interface ScramExchange {
  readonly first: string;
  /** The answer to what the server has said first. Rejects where that cannot be meant. */
  answer(serverFirst: string): Promise<string>;
  /** Whether the server knows the password, too. */
  isServerGenuine(serverFinal: string): boolean;
}

/** More would keep us busy longer than any look takes; PostgreSQL itself takes 4096. */
const mostIterations = 1_000_000;

const derive = promisify(pbkdf2);

/** A client's side of SCRAM-SHA-256 as PostgreSQL speaks it: the name of the user is told elsewhere. */
export function scramSha256(password: string): ScramExchange {
  const nonce = randomBytes(18).toString("base64");
  const firstBare = `n=,r=${nonce}`;
  let serverSignature = Buffer.alloc(0);
  return {
    first: `n,,${firstBare}`,
    async answer(serverFirst) {
      const { r: fullNonce = "", s: salt = "", i = "" } = attributes(serverFirst);
      const iterations = Number(i);
      const isSane = Number.isInteger(iterations) && iterations >= 1 && iterations <= mostIterations;
      if (!fullNonce.startsWith(nonce) || fullNonce === nonce || !isSane) throw new Error("no sound SCRAM exchange");
      const salted = await derive(password.normalize("NFKC"), Buffer.from(salt, "base64"), iterations, 32, "sha256");
      const clientKey = hmac(salted, "Client Key");
      const withoutProof = `c=biws,r=${fullNonce}`;
      const message = `${firstBare},${serverFirst},${withoutProof}`;
      const clientSignature = hmac(createHash("sha256").update(clientKey).digest(), message);
      const proof = clientKey.map((byte, index) => byte ^ (clientSignature[index] ?? 0));
      serverSignature = hmac(hmac(salted, "Server Key"), message);
      return `${withoutProof},p=${Buffer.from(proof).toString("base64")}`;
    },
    isServerGenuine(serverFinal) {
      const told = Buffer.from(attributes(serverFinal)["v"] ?? "", "base64");
      return told.length === serverSignature.length && told.length > 0 && timingSafeEqual(told, serverSignature);
    },
  };
}

function attributes(message: string): Record<string, string> {
  return Object.fromEntries(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

function hmac(key: Buffer, text: string): Buffer<ArrayBuffer> {
  return createHmac("sha256", key).update(text).digest();
}
