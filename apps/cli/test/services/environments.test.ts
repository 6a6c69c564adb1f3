import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventsOf, nodeTestFile } from "../rig/project.ts";
import { ServiceProject, serverFile } from "../rig/service-project.ts";

const token = "tok-9f8e7d6c5b4a3f2e1d0c";

/** A deployed shop: its health tells its version, which `POST /deploy` raises; its orders are for those who have the token. */
async function deployedShop(): Promise<string> {
  let version = 1;
  const server = createServer(({ url, method, headers }, answer) => {
    if (method === "POST") version += 1;
    const isAllowed = url === "/health" || headers.authorization === `Bearer ${token}`;
    answer.statusCode = isAllowed ? 200 : 401;
    answer.end(url === "/health" ? JSON.stringify({ status: "ok", build: { version: `1.${version}` } }) : "orders");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

function project(baseUrl: string, tests: Readonly<Record<string, string>>, auth = "env: SHOP_TOKEN"): ServiceProject {
  return new ServiceProject(
    {
      "apex.yaml": `extends: none
layers: { only: { categories: [shop] } }
categories: { shop: { command: node --test shop.test.mjs } }
environments:
  staging:
    base_url: ${baseUrl}
    health: /health
    version: { json: build.version }
    auth: { ${auth}, as: TOKEN }
`,
      "shop.test.mjs": nodeTestFile(tests, "const { BASE_URL, TOKEN } = process.env;"),
    },
    { SHOP_TOKEN: token },
  );
}

const orders =
  'assert.equal((await fetch(BASE_URL + "/orders", { headers: { authorization: "Bearer " + TOKEN } })).status, 200);';

/** Everything that a project keeps, its config and tests aside. */
function kept(apex: ServiceProject): string {
  const files = readdirSync(apex.root, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const places = files.map((file) => path.join(file.parentPath, file.name));
  return places.map((place) => readFileSync(place, "latin1")).join("\n");
}

describe("a deployed environment", { timeout: 60_000 }, () => {
  it("is told to the tests with its token, which nobody else ever sees, whatever the tests do with it", async () => {
    const apex = project(await deployedShop(), {
      orders,
      "tells everybody":
        'console.log("my token is", TOKEN); console.error("<" + TOKEN + ">"); throw new Error("401 for Bearer " + TOKEN);',
    });
    const { exitCode, stdout, stderr } = await apex.start(["run", "--env", "staging", "--json"]);
    expect(exitCode).toBe(1);
    const events = eventsOf(stdout);
    expect(
      events.flatMap((event) =>
        event.type === "environment_read" ? [`${event.moment} ${event.deployedVersion}`] : [],
      ),
    ).toEqual(["start 1.1", "end 1.1"]);
    const tests = events.flatMap((event) =>
      event.type === "test_completed" ? [`${event.test.name} ${event.test.status}`] : [],
    );
    expect(tests).toEqual(["orders passed", "tells everybody failed"]);
    expect(stdout).toContain("my token is");
    const told = [stdout, stderr];
    for (const format of ["markdown", "html", "junit", "json"])
      told.push((await apex.apex("report", "latest", "--format", format)).stdout);
    const { stdout: replayed, stderr: narrated } = await apex.apex("replay", "latest");
    const again = await apex.apex("run", "--env", "staging", "-v");
    for (const text of [...told, replayed, narrated, again.stdout, again.stderr, kept(apex)])
      expect(text).not.toContain(token);
    expect(kept(apex)).toContain("my token is");
  });

  it("that is another one at the end than at the start makes a pass inconclusive, and both versions are told", async () => {
    const apex = project(await deployedShop(), {
      deploys: `${orders} await fetch(BASE_URL + "/deploy", { method: "POST" });`,
    });
    const { exitCode, stdout, stderr } = await apex.apex("run", "--env", "staging");
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 5,
      stdout: expect.stringMatching(/INCONCLUSIVE[^]*1\.1[^]*1\.2/),
    });
    expect(stderr).toMatch(/warning {2}environment staging has changed during the run: version 1\.1 became 1\.2/);
    expect((await apex.apex("report", "latest", "--format", "markdown")).stdout).toMatch(/1\.1[^]*1\.2/);
  });

  it("that is not there, or has no token for the tests, keeps them from starting, and both are told at once", async () => {
    const apex = project("http://127.0.0.1:1", { orders }, "command: \"node -e 'process.exit(3)'\"");
    const { exitCode, stdout } = await apex.apex("run", "--env", "staging");
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/environment staging .*127\.0\.0\.1:1/);
    expect(stdout).toMatch(/credential .*exit code 3/);
    expect((await apex.apex("run", "--env", "test")).stdout).not.toContain("resources not available");
  });
});

describe("profiles of services", { timeout: 60_000 }, () => {
  const config = `extends: none
layers: { only: { categories: [shop], required_services: [db] } }
categories: { shop: { command: node --test shop.test.mjs } }
services:
  db:
    command: node server.mjs
    port: auto
    env: { KIND: full, SIZE: large }
    health: { http: "http://127.0.0.1:{port}/" }
    profiles:
      light: { env: { KIND: light } }
      tiny: { env: { KIND: tiny } }
`;
  const kind = async (apex: ServiceProject, ...flags: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await apex.apex("run", ...flags);
    expect({ exitCode, all: stdout + stderr }).toMatchObject({ exitCode: 0 });
    return apex.read("kind");
  };

  it("are chosen on the command line, else by the environment, else by the config", async () => {
    const asks =
      'const ask = async (name) => (await fetch(process.env.DB_URL + "/env/" + name)).text(); writeFileSync("kind", await ask("KIND") + " " + await ask("SIZE"));';
    const apex = new ServiceProject({
      "apex.yaml": config,
      "server.mjs": serverFile,
      "shop.test.mjs": nodeTestFile({ asks }, 'import { writeFileSync } from "node:fs";'),
    });
    expect(await kind(apex)).toBe("full large");
    expect(await kind(apex, "--profile", "light")).toBe("light large");
    apex.write("apex.yaml", `${config}profile: light\nenvironments: { staging: { profile: tiny } }\n`);
    expect(await kind(apex)).toBe("light large");
    expect(await kind(apex, "--env", "staging")).toBe("tiny large");
    expect(await kind(apex, "--env", "staging", "--profile", "light")).toBe("light large");
    const unknown = await apex.apex("run", "--profile", "lihgt");
    expect(unknown).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/no service has the profile "lihgt"[^]*light/),
    });
    await apex.expectNothingLeft();
  });
});
