import { connect, isIP, type Socket } from "node:net";
import { connect as connectEncrypted, type ConnectionOptions } from "node:tls";
import { addressText, certificateProblem, connectionProblem, hungUp } from "./connection-problem.ts";
import { excerpt, type Look, type NotReady, notReady, type ProbeResult } from "./probe.ts";

/** How a connection is encrypted. */
export interface Encryption {
  /** Whether somebody who is trusted has to have signed the server's certificate. */
  readonly isVerified: boolean;
  /** Whether the certificate has to be that of the host, too. */
  readonly isHostVerified: boolean;
  /** Certificates that are trusted instead of the usual ones, as PEM. */
  readonly trusted?: Buffer;
  /** Where a server is asked in the clear whether it encrypts; else it does from the first byte. */
  readonly question?: EncryptionQuestion;
}

/** A question and what the answer means: to encrypt, to go on in the clear, or something about the service itself. */
export interface EncryptionQuestion {
  readonly text: Buffer;
  judge(answer: Buffer): "encrypt" | "stay clear" | ProbeResult;
}

/** Where to, and how. */
export interface ConnectionPlan {
  readonly host: string;
  readonly port: number;
  /** What is to be spoken, for people. */
  readonly protocol: string;
  /** Absent: in the clear. */
  readonly encryption?: Encryption;
}

/** A connection that is ready to be spoken on, or what came of it instead. It is let go of when the look is over; rejects where that is so already. */
export async function openConnection(plan: ConnectionPlan, { signal }: Look): Promise<Socket | ProbeResult> {
  const { host, port, encryption } = plan;
  signal.throwIfAborted();
  const bare = connect({ host, port });
  letGoAfter(signal, bare);
  const problem = await arrival(bare, "connect", plan);
  if (problem || !encryption) return problem ?? bare;
  if (encryption.question) {
    bare.write(encryption.question.text);
    const answer = await firstAnswer(bare, plan);
    const verdict = Buffer.isBuffer(answer) ? encryption.question.judge(answer) : answer;
    if (verdict !== "encrypt") return verdict === "stay clear" ? bare : verdict;
  }
  const encrypted = connectEncrypted({ socket: bare, host, ...optionsOf(host, encryption) });
  letGoAfter(signal, encrypted);
  return (await arrival(encrypted, "secureConnect", plan)) ?? encrypted;
}

/** Something answers, in another way than the service would. */
export function otherProgram(protocol: string, address: string, said: Buffer | string): NotReady {
  return notReady("other-program", `what listens on ${address} speaks no ${protocol}; it says ${excerpt(said)}`);
}

function optionsOf(host: string, { isVerified, isHostVerified, trusted }: Encryption): ConnectionOptions {
  return {
    rejectUnauthorized: isVerified,
    // A name is what a server with several certificates goes by; an address is none.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(isHostVerified ? {} : { checkServerIdentity: () => undefined }),
    ...(trusted ? { ca: trusted } : {}),
  };
}

/** A peer that does not close gets no more of our time, only a turn for a goodbye. */
function letGoAfter(signal: AbortSignal, socket: Socket): void {
  socket.on("error", () => undefined);
  signal.addEventListener("abort", () => setImmediate(() => socket.destroy()), { once: true });
}

/** Waits for an event of a connection; settles with what happened instead. */
async function arrival(
  socket: Socket,
  event: "connect" | "secureConnect",
  plan: ConnectionPlan,
): Promise<NotReady | undefined> {
  return new Promise((resolve) => {
    socket.once(event, () => resolve(undefined));
    socket.once("error", (error) => resolve(errorMeaning(error, plan)));
    socket.once("close", () => resolve(hungUp(addressText(plan))));
  });
}

async function firstAnswer(socket: Socket, plan: ConnectionPlan): Promise<Buffer | NotReady> {
  return new Promise((resolve) => {
    socket.once("data", (answer: Buffer) => {
      // What follows is for who listens next.
      socket.pause();
      resolve(answer);
    });
    socket.once("error", (error) => resolve(connectionProblem(error, addressText(plan))));
    socket.once("close", () => resolve(hungUp(addressText(plan))));
  });
}

/** What an error of a connection means for one that may be encrypted. */
export function errorMeaning(error: Error, plan: ConnectionPlan): NotReady {
  const address = addressText(plan);
  const code = plan.encryption && "code" in error ? String(error.code) : "";
  if (/^(ERR_SSL|EPROTO)/.test(code)) return otherProgram(plan.protocol, address, error.message);
  return (code !== "" && certificateProblem(code, address)) || connectionProblem(error, address);
}
