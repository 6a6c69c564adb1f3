import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { leaveOut, unusedByDockerode } from "../../build/leave-out.ts";
import { packPrograms } from "../../build/pack-programs.ts";

const run = promisify(execFile);
const cli = path.resolve(import.meta.dirname, "../..");
/** Asks an engine for a container where it is told one, and says which of its parts that took. */
const source = `
const [, , container] = process.argv;
const limits = { deadlineMs: 5_000, signal: new AbortController().signal };
const said = container === undefined ? Promise.resolve("nothing") : import("@netra-apex/resources")
  .then(({ findEngine }) => findEngine({}, limits))
  .then((engine) => engine.inspect(container, limits))
  .then((facts) => facts.Name + " " + facts.State.Status);
said.then((text) => console.log(text, Object.keys(process.mainModule.parts).filter((name) => name.includes("docker-")).length));
`;

let directory: string;
let bytes: number;

beforeAll(async () => {
  directory = realpathSync(mkdtempSync(path.join(tmpdir(), "apex-leave-out-")));
  const { metafile } = await build({
    stdin: { contents: source, resolveDir: cli, loader: "ts", sourcefile: "main.ts" },
    outdir: path.join(directory, "dist"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    conditions: ["@netra-apex/source", "import", "module", "default"],
    chunkNames: "docker-[hash]",
    metafile: true,
    plugins: [leaveOut(unusedByDockerode)],
  });
  bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  await packPrograms(path.join(directory, "dist"), { stdin: {} });
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const program = (): string => path.join(directory, "dist/stdin.js");

test("a program with dockerode holds neither gRPC nor a client of ssh nor anything native", () => {
  const text = readFileSync(program(), "utf8");
  expect(bytes).toBeLessThan(1_000_000);
  expect(text).toContain("docker-modem");
  expect(text).not.toMatch(/cpufeatures|sshcrypto|Http2Server|protobufjs\/minimal/);
});

test("a program that asks no engine evaluates nothing of dockerode", async () => {
  const { stdout } = await run(process.execPath, [program()]);
  expect(stdout.trim()).toBe("nothing 0");
});

test("the client of dockerode works out of the packed program, against a real engine", async (context) => {
  const isThere = (name: string): boolean => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0;
  context.skip(process.platform !== "linux" || process.getuid?.() !== 0, "not root on linux");
  context.skip(!isThere("dockerd") || !isThere("docker"), "no docker");
  const place = (name: string): string => path.join(directory, name);
  const env = { ...process.env, DOCKER_HOST: `unix://${place("socket")}` };
  const places = ["--data-root", place("data"), "--exec-root", place("exec"), "--pidfile", place("pid")];
  const network = ["--iptables=false", "--bridge=none", "--storage-driver", "vfs", "-H", env.DOCKER_HOST];
  const daemon = spawn("dockerd", [...places, ...network], { stdio: "ignore" });
  const gone = once(daemon, "exit");
  const docker = (...words: readonly string[]): Promise<unknown> => run("docker", [...words], { env });
  try {
    while (spawnSync("docker", ["version"], { env, stdio: "ignore" }).status !== 0) await setTimeout(100);
    mkdirSync(place("empty"));
    await run("tar", ["-C", place("empty"), "-cf", place("empty.tar"), "."]);
    await docker("import", place("empty.tar"), "empty:1");
    await docker("create", "--name", "looked-at", "--network", "none", "empty:1", "/nothing");
    const { stdout } = await run(process.execPath, [program(), "looked-at"], { env });
    expect(stdout).toMatch(/^\/looked-at created [1-9]/);
    await docker("rm", "looked-at");
  } finally {
    daemon.kill("SIGTERM");
    await gone;
  }
}, 60_000);
