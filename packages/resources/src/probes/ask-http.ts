import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestEncrypted } from "node:https";
import { type HealthCheck, outputPattern } from "@netra-apex/core";
import { certificateProblem, connectionProblem, isLoopback } from "./connection-problem.ts";
import { excerpt, type Look, notReady, type NotReady, type ProbeResult, ready } from "./probe.ts";

type HttpCheck = Extract<HealthCheck, { kind: "http" }>;

/** A health answer is short; of a longer one, this much is looked at. */
const longestBody = 256 * 1024;

/** Asks an HTTP server for an address. Redirects are an answer like others; its body is read as far as it must be. */
export async function askHttp(check: HttpCheck, look: Look): Promise<ProbeResult> {
  const url = new URL(check.url);
  const send = url.protocol === "https:" ? requestEncrypted : requestPlain;
  return new Promise<ProbeResult>((resolve) => {
    const request = send(url, {
      agent: false,
      // Nobody signs the certificates of this machine.
      ...(url.protocol === "https:" ? { rejectUnauthorized: !isLoopback(url.hostname) } : {}),
      headers: { connection: "close", accept: "*/*", ...check.send },
    });
    look.signal.addEventListener("abort", () => request.destroy(), { once: true });
    request.on("response", (response: IncomingMessage) => {
      const wrong = judgeHead(response.statusCode ?? 0, response, check, url);
      if (wrong || check.body === undefined) resolve(wrong ?? ready());
      else readBody(response, check.body, url, look).then(resolve, resolve);
    });
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(judgeHead(101, response, check, url) ?? ready());
    });
    request.on("error", (error: Error) => resolve(requestProblem(error, url)));
    request.end();
  });
}

function judgeHead(
  status: number,
  { headers }: Pick<IncomingMessage, "headers">,
  { status: wanted, headers: wantedHeaders = {} }: HttpCheck,
  url: URL,
): NotReady | undefined {
  const where = `${url.host}${url.pathname}`;
  if (wanted === undefined ? status >= 500 : status !== wanted) {
    const instead = wanted === undefined ? "" : ` instead of ${wanted}`;
    return notReady("unhealthy", `${where} answers ${status}${instead}`);
  }
  for (const [name, text] of Object.entries(wantedHeaders)) {
    const value = headers[name.toLowerCase()];
    if (value === undefined) return notReady("unhealthy", `${where} answers without the header ${name}`);
    if (String(value).toLowerCase().includes(text.toLowerCase())) continue;
    return notReady("unhealthy", `the header ${name} of ${where} does not contain ${excerpt(text)}`);
  }
  return undefined;
}

async function readBody(response: IncomingMessage, wanted: string, url: URL, look: Look): Promise<ProbeResult> {
  const where = `${url.host}${url.pathname}`;
  const pattern = outputPattern(wanted);
  // A text is there as soon as it has come; what a regular expression says may depend on all that follows.
  const isText = pattern.ignoreCase;
  return new Promise((resolve) => {
    let body = "";
    response.setEncoding("utf8");
    const finish = (): void => {
      const said = body === "" ? "it is empty" : `it begins with ${excerpt(body)}`;
      const missing = `the body of ${where} does not match ${excerpt(wanted)}: ${said}`;
      resolve(pattern.test(body) ? ready() : notReady("unhealthy", missing));
    };
    response.on("data", (text: string) => {
      if (look.signal.aborted) return;
      body = (body + text).slice(0, longestBody);
      look.note(`the body of ${where} neither ends nor matches ${excerpt(wanted)}`);
      if (body.length >= longestBody || (isText && pattern.test(body))) finish();
    });
    response.on("end", finish);
    const broken = notReady("unhealthy", `${where} breaks off in the middle of its answer`);
    response.on("error", () => resolve(broken));
    response.on("close", () => resolve(broken));
  });
}

/** What an error of a request over HTTP means. */
export function requestProblem(error: Error & { readonly rawPacket?: Buffer }, url: URL): NotReady {
  const code = "code" in error ? String(error.code) : "";
  const isEncrypted = url.protocol === "https:" || url.protocol === "wss:";
  if (code.startsWith("HPE_")) {
    const said = error.rawPacket ? `; it says ${excerpt(error.rawPacket)}` : "";
    return notReady("other-program", `what listens on ${url.host} speaks no HTTP${said}`);
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) {
    return notReady("other-program", `what listens on ${url.host} speaks no HTTPS`);
  }
  return (isEncrypted && certificateProblem(code, url.host)) || connectionProblem(error, url.host);
}
