import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * The name that compose gives to the project of a file: what `docker compose config --format json` says, which v1 does not
 * have: there it is `COMPOSE_PROJECT_NAME` (of the environment, or of `.env` beside the file), or the directory's name in lower
 * case, without what a name may not have.
 */
export function composeProjectName(
  file: string,
  { config, env }: { readonly config?: string; readonly env: Readonly<Record<string, string | undefined>> },
): string {
  const said = config === undefined ? undefined : nameIn(config);
  if (said !== undefined) return said;
  const directory = path.dirname(file);
  const chosen = env["COMPOSE_PROJECT_NAME"] || fromDotenv(path.join(directory, ".env"));
  const name = (chosen || path.basename(directory)).toLowerCase().replaceAll(/[^-_a-z0-9]/g, "");
  return name || "default";
}

function nameIn(config: string): string | undefined {
  try {
    const { name } = JSON.parse(config) as { readonly name?: unknown };
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}

function fromDotenv(file: string): string | undefined {
  try {
    return /^\s*COMPOSE_PROJECT_NAME\s*=\s*["']?([^"'\s#]+)/m.exec(readFileSync(file, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
