import { describeThrown } from "@netra-apex/core";
import { clearTimeout, setTimeout } from "node:timers";
import type { AskLimits } from "../instance.ts";
import { ServiceError } from "../service-error.ts";
import { type DockerEngine, unlessAbsent } from "./docker-engine.ts";

/** Without a word of progress for as long, a pull is given up. */
const quietLimitMs = 90_000;
const sayEveryMs = 2_000;

/** What is wanted, and who hears of it. */
export interface ImageWanted {
  readonly service: string;
  readonly image: string;
  readonly say?: ((line: string) => void) | undefined;
}

/** Makes sure of an image, and gives its id; pulls it only where it is not there. Rejects with a `ServiceError` that says how to get it. */
export async function ensureImage(engine: DockerEngine, wanted: ImageWanted, limits: AskLimits): Promise<string> {
  const there = await imageId(engine, wanted.image, limits);
  if (there !== undefined) return there;
  await pull(engine, wanted, limits.signal);
  const pulled = await imageId(engine, wanted.image, limits);
  if (pulled !== undefined) return pulled;
  throw new ServiceError(wanted.service, `the image ${wanted.image} is not there after it was pulled`);
}

/** The id of an image that is there; `undefined` for any other. */
export async function imageId(engine: DockerEngine, image: string, limits: AskLimits): Promise<string | undefined> {
  const facts = await engine.ask(limits, (client) => client.getImage(image).inspect()).catch(unlessAbsent);
  return facts?.Id;
}

async function pull(engine: DockerEngine, { service, image, say }: ImageWanted, signal: AbortSignal): Promise<void> {
  say?.(`${service}: pulling the image ${image}`);
  const quiet = new AbortController();
  const giveUp = (): void => quiet.abort(new Error(`nothing came for ${quietLimitMs / 1_000} s`));
  let timer = setTimeout(giveUp, quietLimitMs);
  let rest = "";
  let failure: string | undefined;
  let saidMs = 0;
  const onLine = (line: string): void => {
    if (line.trim() === "") return;
    const { status = "", id, progress = "", error } = JSON.parse(line) as PullProgress;
    failure = error ?? failure;
    if (performance.now() - saidMs < sayEveryMs || id === undefined) return;
    saidMs = performance.now();
    say?.(`${service}: ${image}: ${[id, status, progress].filter((word) => word !== "").join(" ")}`);
  };
  const dial = { path: "/images/create?", method: "POST" as const, options: { _query: withTag(image), _body: {} } };
  try {
    await engine.follow({ deadlineMs: 2 ** 31 - 1, signal: AbortSignal.any([signal, quiet.signal]) }, dial, (chunk) => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, quietLimitMs);
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
    onLine(rest);
  } catch (error) {
    signal.throwIfAborted();
    failure = describeThrown(error);
  } finally {
    clearTimeout(timer);
  }
  if (failure === undefined) return;
  throw new ServiceError(service, `the image ${image} is not there, and cannot be pulled: ${failure.trim()}`, {
    fix: `docker pull ${image}, or docker login first where it needs that`,
  });
}

interface PullProgress {
  readonly status?: string;
  readonly id?: string;
  readonly progress?: string;
  readonly error?: string;
}

/** Without a tag or digest, an engine would pull all of them. */
function withTag(image: string): { readonly fromImage: string; readonly tag?: string } {
  const hasTag = image.includes("@") || /:[^/]+$/.test(image);
  return { fromImage: image, ...(hasTag ? {} : { tag: "latest" }) };
}
