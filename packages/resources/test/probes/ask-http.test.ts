import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createEncrypted } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { HealthCheck } from "@netra-apex/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../temporary-directory.ts";
import { lookText } from "./peers.ts";

const host = "127.0.0.1";

/** A web server until the test has finished. Its port. */
async function server(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const listening = createServer(answer);
  await new Promise<void>((resolve) => listening.listen(0, host, resolve));
  onTestFinished(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return (listening.address() as AddressInfo).port;
}

const checkOf = (port: number, more: Partial<Extract<HealthCheck, { kind: "http" }>> = {}): HealthCheck => ({
  kind: "http",
  url: `http://${host}:${port}/health?key=hidden`,
  ...more,
});

describe("the body", () => {
  test("has to contain a text, of any case, or match a regular expression", async () => {
    const port = await server((_, response) => response.end('{"status":"UP"}'));
    expect(await lookText(checkOf(port, { body: '"status":"up"' }))).toBe("ready");
    expect(await lookText(checkOf(port, { body: '/^\\{"status":"UP"\\}$/' }))).toBe("ready");
    expect(await lookText(checkOf(port, { body: "/^up/" }))).toBe(
      String.raw`unhealthy: the body of ${host}:${port}/health does not match "/^up/": it begins with "{\"status\":\"UP\"}"`,
    );
  });

  test("is read no further than to the text", async () => {
    let written = 0;
    const port = await server((_, response) => {
      response.write("all is well, ");
      const timer = setInterval(() => response.write(`${written++}`), 10);
      response.on("close", () => clearInterval(timer));
    });
    expect(await lookText(checkOf(port, { body: "all is well" }))).toBe("ready");
    expect(written).toBeLessThan(20);
  });

  test("that does not end in time, or breaks off, is told", async () => {
    const endless = await server((_, response) => void response.write("maybe"));
    expect(await lookText(checkOf(endless, { body: "well" }), { deadlineMs: 300 })).toBe(
      `no-answer: the body of ${host}:${endless}/health neither ends nor matches "well" within 0.3 s`,
    );
    const broken = await server((_, response) => {
      response.writeHead(200, { "content-length": "99" });
      response.write("may", () => response.destroy());
    });
    expect(await lookText(checkOf(broken, { body: "well" }))).toBe(
      `unhealthy: ${host}:${broken}/health breaks off in the middle of its answer`,
    );
  });

  test("that is too long is looked at as far as it goes", async () => {
    const port = await server((_, response) => response.end(`${"x".repeat(300_000)}well`));
    expect(await lookText(checkOf(port, { body: "well" }))).toMatch(/^unhealthy: .* does not match "well"/);
  });
});

describe("headers", () => {
  test("are sent, and have to contain what is wanted", async () => {
    const port = await server((request, response) => {
      response.writeHead(request.headers["x-token"] === "good-token" ? 200 : 401, {
        "content-type": "application/json",
      });
      response.end();
    });
    const send = { "x-token": "good-token" };
    expect(await lookText(checkOf(port, { send, status: 200, headers: { "Content-Type": "JSON" } }))).toBe("ready");
    expect(await lookText(checkOf(port, { status: 200 }))).toBe(
      `unhealthy: ${host}:${port}/health answers 401 instead of 200`,
    );
    expect(await lookText(checkOf(port, { headers: { "content-type": "html" } }))).toBe(
      `unhealthy: the header content-type of ${host}:${port}/health does not contain "html"`,
    );
    expect(await lookText(checkOf(port, { headers: { etag: "1" } }))).toBe(
      `unhealthy: ${host}:${port}/health answers without the header etag`,
    );
  });

  test("carry the user and the password of the address, which a reason never holds", async () => {
    const port = await server((request, response) => {
      const [, encoded = ""] = (request.headers.authorization ?? "").split(" ");
      response.end(`hello ${Buffer.from(encoded, "base64").toString()} from ${request.url}`);
    });
    const url = `http://ann:pass%20word@${host}:${port}/?token=hidden`;
    expect(await lookText({ kind: "http", url, body: "hello ann:pass word" })).toBe("ready");
    const said = await lookText({ kind: "http", url, body: "goodbye" });
    expect(said).toContain("hello ann:***");
    expect(said).not.toMatch(/pass word|pass%20word|hidden/);
  });
});

test("a redirect is an answer, and is not followed", async () => {
  let asked = 0;
  const port = await server((_, response) => {
    asked += 1;
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  expect(await lookText(checkOf(port, { status: 302, headers: { location: "elsewhere" } }))).toBe("ready");
  expect(asked).toBe(1);
});

test("a certificate that nobody has signed is good enough for this machine, and for no other", async () => {
  const directory = temporaryDirectory();
  const [key, cert] = [path.join(directory, "key.pem"), path.join(directory, "cert.pem")];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"];
  execFileSync("openssl", [...args, "-keyout", key, "-out", cert], { stdio: "ignore" });
  const listening = createEncrypted({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
    response.end(),
  );
  await new Promise<void>((resolve) => listening.listen(0, resolve));
  onTestFinished(() => void listening.close());
  const { port } = listening.address() as AddressInfo;
  expect(await lookText({ kind: "http", url: `https://localhost:${port}/` })).toBe("ready");
  // The same machine by a name that is not known to be its own.
  const url = `https://0.0.0.0:${port}/`;
  expect(await lookText({ kind: "http", url })).toMatch(
    /^unhealthy: the certificate of 0\.0\.0\.0:\d+ is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  );
});
