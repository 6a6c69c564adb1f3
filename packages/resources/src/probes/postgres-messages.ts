import { createHash } from "node:crypto";

/** A message of a server; its type is one letter. */
export interface ServerMessage {
  readonly type: string;
  readonly body: Buffer;
  /** With its type and its length. */
  readonly wholeLength: number;
}

/** A greeting's messages are short; rows of an answer may be longer. */
const longestMessage = 16 * 1024;

/**
 * The first message; `undefined` while it is not whole, `other` where it cannot be one. What is long is told by its start alone.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function readMessage(said: Buffer, mayBeLong: boolean): ServerMessage | "other" | "long" | undefined {
  const type = said.toString("latin1", 0, 1);
  if (!/^[A-Za-z\d]$/.test(type)) return "other";
  if (said.length < 5) return undefined;
  const length = said.readUInt32BE(1);
  if (length < 4) return "other";
  if (length > longestMessage) return mayBeLong ? "long" : "other";
  if (said.length < length + 1) return undefined;
  return { type, body: said.subarray(5, length + 1), wholeLength: length + 1 };
}

/** Asks whether the server encrypts; it answers with one letter: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL. */
export const encryptionRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** The first message of a client. */
export function startupMessage({ user, database }: { readonly user: string; readonly database: string }): Buffer {
  const parameters = ["user", user, "database", database, "application_name", "apex", "", ""].join("\0");
  return withLength(Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(parameters)]));
}

/** Says goodbye. */
export const terminateMessage = clientMessage("X", Buffer.alloc(0));

/** One statement, in the simple way. */
export function queryMessage(query: string): Buffer {
  return clientMessage("Q", Buffer.from(`${query}\0`));
}

/** A password as it is, or hashed with the salt that the server has told. */
export function passwordMessage(
  { user, password }: { readonly user: string; readonly password: string },
  salt?: Buffer,
): Buffer {
  const md5 = (...parts: readonly (string | Buffer)[]): string => {
    const hash = createHash("md5");
    for (const part of parts) hash.update(part);
    return hash.digest("hex");
  };
  const told = salt ? `md5${md5(md5(password, user), salt)}` : password;
  return clientMessage("p", Buffer.from(`${told}\0`));
}

/** The beginning of a SCRAM exchange. */
export function saslInitialMessage(first: string): Buffer {
  const data = Buffer.from(first);
  return clientMessage("p", Buffer.concat([Buffer.from("SCRAM-SHA-256\0"), withLength(data, 0)]));
}

/** What follows of it. */
export function saslMessage(text: string): Buffer {
  return clientMessage("p", Buffer.from(text));
}

/** The fields of an error, by their letters: `C` is the SQLSTATE, `M` the message. */
export function errorFields(body: Buffer): ReadonlyMap<string, string> {
  const fields = body.toString("utf8").split("\0");
  return new Map(fields.filter((field) => field !== "").map((field) => [field.charAt(0), field.slice(1)]));
}

function clientMessage(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), withLength(body)]);
}

function withLength(body: Buffer, ofLengthItself = 4): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + ofLengthItself);
  return Buffer.concat([length, body]);
}
