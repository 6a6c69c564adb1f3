import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPageHandler, PageMissingError } from "../../src/page/index.ts";

let server: Server;
let url: string;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), "apex-page-"));
  writeFileSync(join(directory, "app.js"), "export {};\n");
  writeFileSync(join(directory, "app.css"), "body{}\n");
  const servePage = createPageHandler({ directory });
  server = createServer((request, response) => {
    if (!servePage(request, response)) response.writeHead(418).end("not the page's");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe("the handler of the live page", () => {
  it.each([
    ["/", "text/html; charset=utf-8"],
    ["/?from=somewhere", "text/html; charset=utf-8"],
    ["/app.js", "text/javascript; charset=utf-8"],
    ["/app.css", "text/css; charset=utf-8"],
  ])("answers %s as what it is, and lets nothing else be loaded", async (path, type) => {
    const answer = await fetch(url + path);
    const { host } = new URL(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe(type);
    expect(answer.headers.get("content-security-policy")).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' ws://${host} wss://${host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect((await answer.text()).length).toBe(Number(answer.headers.get("content-length")));
  });

  it("says that nothing has changed to whom it told so before", async () => {
    const first = await fetch(`${url}/app.js`);
    const etag = first.headers.get("etag") ?? "";
    const second = await fetch(`${url}/app.js`, { headers: { "If-None-Match": `"other", ${etag}` } });
    expect([second.status, await second.text()]).toEqual([304, ""]);
    expect((await fetch(`${url}/app.js`, { headers: { "If-None-Match": '"other"' } })).status).toBe(200);
  });

  it("answers only those who read, with the head alone where that is asked for", async () => {
    const head = await fetch(`${url}/`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const post = await fetch(`${url}/`, { method: "POST", body: "x" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it.each(["/app.map", "/../app.js", "/app.js/", "//", "/v1/subscribe"])("leaves %s to others", async (path) => {
    const { port } = server.address() as AddressInfo;
    const status = await new Promise((resolve, reject) => {
      httpRequest({ port, host: "127.0.0.1", path }, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(418);
  });

  it("puts no host into its policy that could say more than a host", async () => {
    const { port } = server.address() as AddressInfo;
    const policy = await new Promise<unknown>((resolve, reject) => {
      const headers = { Host: "evil; script-src *" };
      httpRequest({ port, host: "127.0.0.1", path: "/", headers }, (answer) =>
        resolve(answer.resume().headers["content-security-policy"]),
      )
        .on("error", reject)
        .end();
    });
    expect(policy).toContain("connect-src 'self'; base-uri");
    expect(policy).not.toContain("evil");
  });

  it("says at once, with what to do, that its files are not there", () => {
    const create = (): unknown => createPageHandler({ directory: "/nowhere/at/all" });
    expect(create).toThrow(PageMissingError);
    expect(create).toThrow("the files of the live page are not in /nowhere/at/all");
  });
});
