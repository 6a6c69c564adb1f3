import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { pageTokens } from "../src/report/html/page-tokens.ts";
import { browserStandIns } from "./browser-stand-ins.ts";

const app = fileURLToPath(new URL("../src/page/app/", import.meta.url));

/** Builds what browsers load of the live page, `app.js` and `app.css`, into a directory. Throws where the script needs Node. */
export async function buildPage(directory: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [path.join(app, "main.tsx")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions: ["@netra-apex/source"],
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    charset: "utf8",
    treeShaking: true,
    legalComments: "inline",
    plugins: [browserStandIns()],
    logLevel: "error",
  });
  const script = outputFiles[0]?.text ?? "";
  const needed = /from\s*"(node:[^"]+)"|import\s*"(node:[^"]+)"/.exec(script);
  if (needed) throw new Error(`the live page's script needs ${needed[1] ?? needed[2]}, which browsers do not have`);
  const style = pageTokens + (await readFile(path.join(app, "app.css"), "utf8"));
  const { code } = await transform(style, { loader: "css", minify: true });
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, "app.js"), script);
  await writeFile(path.join(directory, "app.css"), code);
}
