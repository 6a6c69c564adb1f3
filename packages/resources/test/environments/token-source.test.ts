import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { EnvironmentAuth } from "@netra-apex/core";
import { expect, test } from "vitest";
import { TokenSource, type TokenSourceOptions } from "../../src/environments/token-source.ts";
import { processesWith, shell } from "../command/command-rig.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { token } from "./tokens.ts";

const { signal } = new AbortController();

interface Rig {
  readonly source: TokenSource;
  readonly secrets: string[];
  readonly clock: { nowMs: number };
  readonly root: string;
}

function rig(auth: EnvironmentAuth, over: Partial<TokenSourceOptions> = {}): Rig {
  const clock = { nowMs: Date.now() };
  const secrets: string[] = [];
  const root = temporaryDirectory();
  const onSecret = (secret: string): void => void secrets.push(secret);
  const source = new TokenSource({
    environment: "staging",
    auth,
    projectRoot: root,
    onSecret,
    now: () => clock.nowMs,
    ...over,
  });
  return { source, secrets, clock, root };
}

const asked = (script: string, over: Partial<EnvironmentAuth> = {}): EnvironmentAuth => ({
  source: { kind: "command", command: shell(script) },
  variable: "AUTH_TOKEN",
  ...over,
});

/** Writes another token at each call: `t1`, `t2` … */
const counting = `echo x >> calls; echo "t$(wc -l < calls | tr -d ' ')"`;

test("a token of a variable is handed on, under the tests' name, and told as a secret first", async () => {
  const auth: EnvironmentAuth = { source: { kind: "env", variable: "STAGING" }, variable: "TOKEN" };
  const { source, secrets } = rig(auth, { env: { STAGING: " abc\n" } });
  expect(await source.tokenFor({ signal })).toEqual({ kind: "token", token: "abc", variable: "TOKEN" });
  expect(secrets).toEqual(["abc"]);
  const empty = await rig(auth, { env: {} }).source.tokenFor({ signal });
  expect(empty).toEqual({
    kind: "missing",
    missing: {
      kind: "credential",
      name: "TOKEN",
      reason: "no token for staging: STAGING is not set",
      fix: "export STAGING=…",
    },
  });
});

test("a command is asked once, until four fifths of its token's life are over", async () => {
  const { source, secrets, clock, root } = rig(asked(counting, { expiresInMs: 100_000 }));
  const get = async () => source.tokenFor({ layerBudgetMs: 1_000, signal });
  expect(await Promise.all([get(), get()])).toMatchObject([{ token: "t1" }, { token: "t1" }]);
  clock.nowMs += 79_000;
  expect(await get()).toMatchObject({ token: "t1" });
  clock.nowMs += 2_000;
  expect(await get()).toMatchObject({ token: "t2" });
  expect(secrets).toEqual(["t1", "t2"]);
  expect(readFileSync(path.join(root, "calls"), "utf8")).toBe("x\nx\n");
});

test("one that does not last as long as the layer is fetched anew, and refused when the new one does not either", async () => {
  const { source } = rig(asked(counting, { expiresInMs: 100_000 }));
  expect(await source.tokenFor({ layerBudgetMs: 10_000, signal })).toMatchObject({ token: "t1" });
  const look = await source.tokenFor({ layerBudgetMs: 200_000, signal });
  expect(look).toMatchObject({ kind: "missing", missing: { kind: "credential", name: "AUTH_TOKEN" } });
  expect(JSON.stringify(look)).toMatch(
    /no token for staging: its token expires at \S+Z, before the layer's time is over/,
  );
  expect(JSON.stringify(look)).not.toContain("t2");
});

test("a JWT says itself how long it is good", async () => {
  const jwt = token({ exp: Date.now() / 1_000 + 60 });
  const { clock, source, secrets } = rig(asked(`echo ${jwt}`));
  expect(await source.tokenFor({ layerBudgetMs: 30_000, signal })).toMatchObject({ token: jwt });
  clock.nowMs += 61_000;
  const look = await source.tokenFor({ signal });
  expect(JSON.stringify(look)).toMatch(/no token for staging: its token expired at /);
  expect(JSON.stringify(look)).not.toContain(jwt.slice(0, 12));
  expect(secrets).toEqual([jwt, jwt]);
});

test("a command that fails tells its last error, and never what it wrote as a token", async () => {
  const reason = async (script: string) => {
    const look = await rig(asked(script)).source.tokenFor({ signal });
    return look.kind === "missing" ? look.missing.reason : "a token";
  };
  expect(await reason("echo se-cret; echo first >&2; echo 'not logged in' >&2; exit 4")).toBe(
    "no token for staging: its command ended with exit code 4: not logged in",
  );
  expect(await reason("kill -9 $$")).toBe("no token for staging: its command was killed");
  expect(await reason("true")).toBe("no token for staging: its command wrote no token");
  const nothing: EnvironmentAuth = {
    source: { kind: "command", command: { kind: "argv", file: "no-such-login", args: [] } },
    variable: "T",
  };
  const look = await rig(nothing).source.tokenFor({ signal });
  expect(JSON.stringify(look)).toMatch(/its command could not be run: spawn no-such-login ENOENT/);
});

test("a command that does not end is ended at the deadline, with what it has started", async () => {
  const root = temporaryDirectory();
  writeFileSync(path.join(root, "wait"), "");
  const { source } = rig(asked(`tail -f ${root}/wait & tail -f ${root}/wait`), { deadlineMs: 400 });
  const before = performance.now();
  const look = await source.tokenFor({ signal });
  expect(performance.now() - before).toBeLessThan(1_500);
  expect(JSON.stringify(look)).toContain("its command did not end within 400ms");
  await expect.poll(() => processesWith(`${root}/wait`)).toEqual([]);
});

test("who gives up does not take the token from another who asked at the same time", async () => {
  const { source } = rig(asked(`sleep 0.3; ${counting}`));
  const giveUp = new AbortController();
  const first = source.tokenFor({ signal: giveUp.signal });
  const second = source.tokenFor({ signal });
  setTimeout(() => giveUp.abort(new Error("given up")), 50);
  await expect(first).rejects.toThrow("given up");
  expect(await second).toMatchObject({ token: "t1" });
});
