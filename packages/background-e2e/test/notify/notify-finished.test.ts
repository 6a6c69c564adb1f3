import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { notifyFinished } from "../../src/notify/notify-finished.ts";
import { isRunning } from "../is-running.ts";
import { finishedProject } from "./finished-task.ts";

test("writes a line into the worker's log, unless the config says not to or nobody wants to hear of it", async () => {
  const { finished, options, log } = finishedProject({ isLogged: true });
  await notifyFinished(finished, options);
  expect(log).toEqual(["info cypress-k3f9x2 failed after 12m 05s: 2 of 14 tests failed"]);
  await notifyFinished(finished, { ...options, settings: { ...options.settings, isLogged: false } });
  await notifyFinished(finished, { ...options, settings: { ...options.settings, on: "never" } });
  const settings = { ...options.settings, on: "change" } as const;
  await notifyFinished({ ...finished, previous: "timed-out" }, { ...options, settings });
  expect(log).toHaveLength(1);
});

describe("a command", () => {
  const node = (script: string): string[] => [process.execPath, "-e", script];

  test("gets the task in its environment and the result on its standard input, in the project", async () => {
    const script = `
      const { APEX_TASK_ID, APEX_TASK_CATEGORY, APEX_TASK_STATE, APEX_TASK_RESULT } = process.env;
      const input = require("fs").readFileSync(0, "utf8");
      const seen = { APEX_TASK_ID, APEX_TASK_CATEGORY, APEX_TASK_STATE, APEX_TASK_RESULT, input, cwd: process.cwd() };
      require("fs").writeFileSync("seen.json", JSON.stringify(seen));`;
    const { finished, options, log, projectRoot } = finishedProject({ command: node(script) }, { deadlineMs: 10_000 });
    await notifyFinished(finished, options);
    expect(log).toEqual([]);
    expect(JSON.parse(readFileSync(path.join(projectRoot, "seen.json"), "utf8"))).toEqual({
      APEX_TASK_ID: "cypress-k3f9x2",
      APEX_TASK_CATEGORY: "cypress",
      APEX_TASK_STATE: "failed",
      APEX_TASK_RESULT: finished.resultFile,
      input: '{"task_id":"cypress-k3f9x2","status":"failed"}',
      cwd: projectRoot,
    });
  });

  test("that fails is named in the log with its last words", async () => {
    const command = node("console.error('first'); console.error('no route to the team'); process.exit(3)");
    const { finished, options, log } = finishedProject({ command }, { deadlineMs: 10_000 });
    await notifyFinished(finished, options);
    expect(log).toEqual([
      `warn cypress-k3f9x2: the command of background.notify: ${process.execPath} ended with exit code 3: no route to the team`,
    ]);
  });

  test("that is not there is named in the log", async () => {
    const { finished, options, log } = finishedProject({ command: ["no-such-program", "x"] }, { deadlineMs: 10_000 });
    await notifyFinished(finished, options);
    expect(log).toEqual([expect.stringMatching(/no-such-program .*not found/)]);
  });

  test("that does not end is ended with all that it has started", async () => {
    const script = `
      const child = require("child_process").spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
      require("fs").writeFileSync("pid", String(child.pid));
      setInterval(() => {}, 1000);`;
    const { finished, options, log, projectRoot } = finishedProject({ command: node(script) }, { deadlineMs: 1_500 });
    await notifyFinished(finished, options);
    expect(log).toEqual([expect.stringContaining("did not end within 1.5 s, and was ended")]);
    const pid = Number(readFileSync(path.join(projectRoot, "pid"), "utf8"));
    expect(pid).toBeGreaterThan(1);
    expect(isRunning(pid)).toBe(false);
  });

  test("is not run without the result, and that is named", async () => {
    const { finished, options, log, projectRoot } = finishedProject({ command: ["touch", "ran"] });
    rmSync(finished.resultFile);
    await notifyFinished(finished, options);
    expect(log).toEqual([expect.stringContaining("ENOENT")]);
    expect(existsSync(path.join(projectRoot, "ran"))).toBe(false);
  });
});

describe("a webhook", () => {
  interface Post {
    readonly method: string | undefined;
    readonly type: string | undefined;
    readonly body: string;
  }

  /** A server that answers each request in its own way, the last way for all others; `posts` has what came. */
  async function server(...answers: RequestListener[]): Promise<{ address: string; posts: Post[] }> {
    const posts: Post[] = [];
    const listening = createServer((request: IncomingMessage, response: ServerResponse) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        posts.push({ method: request.method, type: request.headers["content-type"], body });
        const answer = answers[Math.min(posts.length, answers.length) - 1];
        answer?.(request, response);
      });
    });
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      listening.closeAllConnections();
      listening.close();
    });
    return { address: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, posts };
  }

  const status =
    (code: number, headers: Record<string, string> = {}): RequestListener =>
    (_, response) =>
      response.writeHead(code, headers).end("answer");
  const never: RequestListener = () => undefined;
  const hangUp: RequestListener = (request) => request.socket.destroy();

  test("gets the result as JSON by POST, once", async () => {
    const { address, posts } = await server(status(204));
    const { finished, options, log } = finishedProject({ webhook: `${address}/hook?key=secret` });
    await notifyFinished(finished, options);
    expect(posts).toEqual([
      { method: "POST", type: "application/json", body: '{"task_id":"cypress-k3f9x2","status":"failed"}' },
    ]);
    expect(log).toEqual([]);
  });

  test.each([
    ["answers 500", status(500)],
    ["answers 429", status(429)],
    ["closes the connection", hangUp],
    ["does not answer", never],
  ])("that %s is tried once more, and with that all is well", async (_, first) => {
    const { address, posts } = await server(first, status(200));
    const { finished, options, log } = finishedProject({ webhook: address });
    await notifyFinished(finished, options);
    expect([posts.length, log]).toEqual([2, []]);
  });

  test.each([
    ["answers 500", status(500), 2, "answered 500"],
    ["answers 404", status(404), 1, "answered 404"],
    ["closes the connection", hangUp, 2, "cannot be reached"],
    ["does not answer", never, 2, "did not answer within 0.4 s"],
  ])("that %s again and again is named in the log, without its secret", async (_, answer, tries, problem) => {
    const { address, posts } = await server(answer);
    const { finished, options, log } = finishedProject({ webhook: `${address}/hook?key=secret` });
    const startedMs = performance.now();
    await notifyFinished(finished, options);
    expect(posts).toHaveLength(tries);
    expect(log).toEqual([expect.stringContaining(`the webhook of background.notify: ${address} ${problem}`)]);
    expect(log.join()).not.toContain("secret");
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test("is not followed to another place", async () => {
    const elsewhere = await server(status(200));
    const { address, posts } = await server(status(307, { location: elsewhere.address }));
    const { finished, options, log } = finishedProject({ webhook: address });
    await notifyFinished(finished, options);
    expect([posts.length, elsewhere.posts.length]).toEqual([1, 0]);
    expect(log).toEqual([expect.stringContaining("redirect (307), which is not followed")]);
  });

  test("whose answer never ends holds nobody up", async () => {
    const { address } = await server((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    const { finished, options, log } = finishedProject({ webhook: address }, { deadlineMs: 5_000 });
    const startedMs = performance.now();
    await notifyFinished(finished, options);
    expect(log).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });

  test("where nobody listens is named, and so is every other way that fails beside it", async () => {
    const { finished, options, log } = finishedProject({ webhook: "http://127.0.0.1:1/", command: ["false"] });
    await notifyFinished(finished, { ...options, deadlineMs: 10_000 });
    expect(log.toSorted()).toEqual([
      expect.stringContaining("the command of background.notify: false ended with exit code 1"),
      expect.stringContaining("the webhook of background.notify: http://127.0.0.1:1 cannot be reached"),
    ]);
  });

  test("is given up when the worker has to go", async () => {
    const { address } = await server(never);
    const { finished, options, log } = finishedProject({ webhook: address }, { deadlineMs: 60_000 });
    await notifyFinished(finished, { ...options, signal: AbortSignal.timeout(100) });
    expect(log).toHaveLength(1);
  });
});

/** A desktop whose messages end up in a file; the PATH has nothing else. */
function desktop(projectRoot: string, script = 'printf "%s\\n" "$@" > "$(dirname "$0")/shown"'): NodeJS.ProcessEnv {
  const program = path.join(projectRoot, "notify-send");
  writeFileSync(program, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  chmodSync(program, 0o755);
  return { PATH: projectRoot, DISPLAY: ":0" };
}

const isLinux = process.platform === "linux";

describe.runIf(isLinux)(`a message on the desktop${isLinux ? "" : " (skipped: only on linux)"}`, () => {
  const shown = (projectRoot: string): string | undefined => {
    const file = path.join(projectRoot, "shown");
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  };

  test("is shown with its text as text", async () => {
    const { finished, options, log, projectRoot } = finishedProject({ desktop: "auto" });
    const task = { ...finished.task, reason: "<b>1 & 2</b>" };
    await notifyFinished({ ...finished, task }, { ...options, deadlineMs: 10_000, env: desktop(projectRoot) });
    expect(shown(projectRoot)).toBe(
      "--app-name=apex\n--\napex: cypress failed\ncypress-k3f9x2 failed after 12m 05s: &lt;b&gt;1 &amp; 2&lt;/b&gt;\n",
    );
    expect(log).toEqual([]);
  });

  test("is left out without a desktop or a program for it, silently with auto, with a line in the log if it was asked for", async () => {
    const { finished, options, log, projectRoot } = finishedProject({ desktop: "auto" });
    const env = desktop(projectRoot);
    for (const without of [{ DISPLAY: "" }, { PATH: "" }, { CI: "true" }, { SSH_CONNECTION: "x" }]) {
      await notifyFinished(finished, { ...options, env: { ...env, ...without } });
    }
    expect([shown(projectRoot), log]).toEqual([undefined, []]);
    const settings = { ...options.settings, desktop: "always" } as const;
    await notifyFinished(finished, { ...options, settings, env: { PATH: "" } });
    expect(log).toEqual([expect.stringContaining("there is no notify-send on the PATH")]);
  });

  test("that hangs is given up", async () => {
    const { finished, options, log, projectRoot } = finishedProject({ desktop: "always" });
    await notifyFinished(finished, { ...options, env: desktop(projectRoot, "exec sleep 600") });
    expect(log).toEqual([expect.stringContaining("notify-send did not end within 0.4 s")]);
  });
});
