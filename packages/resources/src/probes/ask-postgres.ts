import type { Socket } from "node:net";
import type { CheckAddress } from "@netra-apex/core";
import { addressText } from "./connection-problem.ts";
import { converse } from "./converse.ts";
import { otherProgram } from "./open-connection.ts";
import { postgresEncryption, type PostgresSecurity, securityOf } from "./postgres-encryption.ts";
import {
  errorFields,
  passwordMessage,
  queryMessage,
  readMessage,
  saslInitialMessage,
  saslMessage,
  type ServerMessage,
  startupMessage,
  terminateMessage,
} from "./postgres-messages.ts";
import { excerpt, judgeVersion, type Look, notReady, type ProbeResult, ready } from "./probe.ts";
import { type ScramExchange, scramSha256 } from "./scram.ts";

type PostgresAddress = Extract<CheckAddress, { kind: "postgres" }>;

/** What is asked of a PostgreSQL beside that it is one. */
export interface PostgresQuestions {
  /** A statement that it must take without an error. */
  readonly query?: string;
  /** What its version must begin with. */
  readonly version?: string;
  /** Files that the address names are relative to it. */
  readonly directory: string;
}

/** SQLSTATEs of a server that cannot be used by anybody now: it stops, or has too many clients, or no room. */
const unusable = new Set(["57P01", "57P02", "57P03", "53300", "53400", "53100", "53200"]);
/** Of a server that does not let this user in. */
const refusals = new Set(["28P01", "28000"]);

/**
 * Speaks with a PostgreSQL as far as needed, without a driver: to the point where it wants a password, where none is given, or
 * until it is ready for queries, and through the one that is asked for. Encrypted as its address says.
 */
export async function askPostgres(
  postgres: PostgresAddress,
  questions: PostgresQuestions,
  look: Look,
): Promise<ProbeResult> {
  const [first, second] = securityOf(postgres.encryption);
  const one = await askOnce(postgres, questions, look, first);
  if (!one.isTurnedAway || !second) return one.result;
  // Which of the two a server takes is a matter of its rules, by user and database.
  const other = await askOnce(postgres, questions, look, second);
  return other.isTurnedAway ? one.result : other.result;
}

async function askOnce(
  postgres: PostgresAddress,
  questions: PostgresQuestions,
  look: Look,
  security: PostgresSecurity,
): Promise<{ readonly result: ProbeResult; readonly isTurnedAway: boolean }> {
  const { host, port } = postgres;
  const talk = new PostgresTalk(postgres, questions);
  let settleTalk: (result: ProbeResult) => void = () => undefined;
  const read = (said: Buffer, socket: Socket): number | ProbeResult =>
    talk.read(said, socket, (result) => settleTalk(result));
  const conversation = {
    host,
    port,
    protocol: "postgres",
    ...(security === "clear" ? {} : { encryption: await postgresEncryption(postgres, security, questions) }),
    goodbye: terminateMessage,
    begin: (socket: Socket, settle: (result: ProbeResult) => void) => {
      settleTalk = settle;
      socket.write(startupMessage(postgres));
    },
    read,
  };
  const result = await converse(conversation, look);
  return { result, isTurnedAway: talk.isTurnedAway };
}

/** What has been said so far, and what it means. */
class PostgresTalk {
  readonly #postgres: PostgresAddress;
  readonly #questions: PostgresQuestions;
  readonly #address: string;
  #scram: ScramExchange | undefined;
  #version: string | undefined;
  #isLetIn = false;
  #isAsked = false;
  /** Whether the server has no rule for this user, database and way of connecting. */
  isTurnedAway = false;

  constructor(postgres: PostgresAddress, questions: PostgresQuestions) {
    this.#postgres = postgres;
    this.#questions = questions;
    this.#address = addressText(postgres);
  }

  /** Takes all the whole messages. */
  read(said: Buffer, socket: Socket, settle: (result: ProbeResult) => void): number | ProbeResult {
    let at = 0;
    while (at < said.length) {
      const rest = said.subarray(at);
      const message = readMessage(rest, this.#isAsked);
      if (message === "long") return ready(this.#version);
      if (message === "other") return otherProgram("postgres", this.#address, rest);
      if (!message) break;
      if (!this.#isLetIn && !"RENSKv".includes(message.type)) {
        return otherProgram("postgres", this.#address, rest);
      }
      at += message.wholeLength;
      const result = this.#take(message, socket, settle);
      if (result) return result;
    }
    return at;
  }

  #take(message: ServerMessage, socket: Socket, settle: (result: ProbeResult) => void): ProbeResult | undefined {
    switch (message.type) {
      case "R":
        return this.#authenticate(message.body, socket, settle);
      case "S": {
        const [name, value] = message.body.toString("utf8").split("\0");
        // Debian writes more after the number: `15.18 (Debian 15.18-0+deb12u1)`.
        if (name === "server_version") this.#version = value?.split(" ")[0];
        return undefined;
      }
      case "Z":
        return this.#goOn(socket);
      case "E":
        return this.#judgeError(message.body);
      default:
        return undefined;
    }
  }

  /** It is ready for a query. */
  #goOn(socket: Socket): ProbeResult | undefined {
    const { query, version } = this.#questions;
    if (query === undefined || this.#isAsked) return judgeVersion(this.#version, version, this.#address);
    this.#isAsked = true;
    socket.write(queryMessage(query));
    return undefined;
  }

  #authenticate(body: Buffer, socket: Socket, settle: (result: ProbeResult) => void): ProbeResult | undefined {
    if (body.length < 4) return otherProgram("postgres", this.#address, body);
    const way = body.readUInt32BE(0);
    const said = body.subarray(4);
    const { user, password } = this.#postgres;
    if (way === 0) {
      this.#isLetIn = true;
      return undefined;
    }
    if (password === undefined) return this.#withoutPassword();
    switch (way) {
      case 3:
        socket.write(passwordMessage({ user, password }));
        return undefined;
      case 5:
        socket.write(passwordMessage({ user, password }, said.subarray(0, 4)));
        return undefined;
      case 10: {
        if (!said.toString("latin1").split("\0").includes("SCRAM-SHA-256")) return this.#unknownWay();
        this.#scram = scramSha256(password);
        socket.write(saslInitialMessage(this.#scram.first));
        return undefined;
      }
      case 11:
        this.#scram?.answer(said.toString("utf8")).then(
          (answer) => socket.write(saslMessage(answer)),
          (error: unknown) => settle(notReady("other-program", `${this.#address}: ${String(error)}`)),
        );
        return undefined;
      case 12:
        return this.#scram?.isServerGenuine(said.toString("utf8"))
          ? undefined
          : notReady("refused", `${this.#address} does not know the password of ${user} itself: it is another server`);
      default:
        return this.#unknownWay();
    }
  }

  /** Who wants a password is up, and says no more to those who have none. */
  #withoutPassword(): ProbeResult {
    const { query, version } = this.#questions;
    if (query !== undefined) {
      const detail = `${this.#address} wants a password before it takes a query, and the address has none`;
      return notReady("refused", detail);
    }
    return judgeVersion(undefined, version, this.#address);
  }

  #unknownWay(): ProbeResult {
    const detail = `${this.#address} wants another proof of who one is than a password (cleartext, md5, SCRAM-SHA-256)`;
    return notReady("cannot-look", detail);
  }

  #judgeError(body: Buffer): ProbeResult {
    const fields = errorFields(body);
    const state = fields.get("C");
    if (state === undefined) return otherProgram("postgres", this.#address, body);
    const said = `${this.#address} says ${excerpt(fields.get("M") ?? state, 120)}`;
    if (this.#isAsked) return notReady("unhealthy", `the query fails: ${said}`);
    if (unusable.has(state)) {
      const isStarting = state === "57P03" && !/shutting down/.test(said);
      return notReady(isStarting ? "starting" : "unhealthy", said);
    }
    const { query, version } = this.#questions;
    const isBareLook = this.#postgres.password === undefined && query === undefined;
    // What it says to a wrong user or database shows that it is up.
    if (isBareLook) return judgeVersion(this.#version, version, this.#address);
    this.isTurnedAway = state === "28000";
    return notReady(refusals.has(state) ? "refused" : "unhealthy", said);
  }
}
