import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { transform } from "esbuild";
import ts from "typescript";

/** A part that is imported lazily and larger than this stays a file of its own: most runs of the program never read it. */
const longestLazyBytes = 30 * 1024;

/**
 * Packs each program in a directory, which the bundler has split into ES modules, into one CommonJS file, in place.
 *
 * Splitting is what keeps a command from evaluating what only others need, and each file costs a start its third of a
 * millisecond. So the parts become functions in one file, called when the first other part needs theirs; V8 does not even
 * compile the others. CommonJS saves another 10 ms (no module loader, no facades of Node's own modules), while the bundler's tree
 * shaking and splitting need ES modules to work on. A program's own `import()` becomes a require(); one of a path that is
 * only known at run time stays, and loads ES modules.
 */
export async function packPrograms(directory: string, programs: readonly string[]): Promise<void> {
  const names = readdirSync(directory).filter((name) => name.endsWith(".js"));
  const parts = new Map<string, Part>();
  for (const name of names) parts.set(`./${name}`, await partOf(path.join(directory, name)));
  const alone = new Set(names.map((name) => `./${name}`).filter((name) => staysAlone(name, parts)));

  for (const name of names) rmSync(path.join(directory, name));
  for (const name of alone)
    writeFileSync(path.join(directory, name), `module.exports=${factory(partAt(parts, name))};\n`);
  for (const program of programs) {
    const start = `./${program}.js`;
    const inside = [...reach(start, parts)].filter((name) => !alone.has(name));
    const table = inside.map((name) => `${JSON.stringify(name)}:${factory(partAt(parts, name))}`).join(",\n");
    writeFileSync(
      path.join(directory, `${program}.js`),
      `${runtime}\nconst parts={${table}};\nmodule.exports=load("${start}");\n`,
    );
  }
  writeFileSync(path.join(directory, "package.json"), '{ "type": "commonjs" }\n');
}

interface Part {
  /** CommonJS. */
  readonly code: string;
  /** Names of the parts that it imports, lazily or not. */
  readonly imports: readonly string[];
}

/** Parts that are files of their own are the same functions there, for whichever program loads them. */
const runtime = `"use strict";
const loaded={};
const load=(name)=>{
  if(!name.startsWith("./"))return require(name);
  const known=loaded[name];
  if(known!==undefined)return known.exports;
  const part=loaded[name]={exports:{}};
  (parts[name]??require(name))(part,part.exports,load);
  return part.exports;
};`;

function factory({ code }: Part): string {
  return `function(module,exports,require){${code}\n}`;
}

async function partOf(file: string): Promise<Part> {
  const text = readFileSync(file, "utf8");
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const { code } = await transform(text, {
    format: "cjs",
    platform: "node",
    target: "node22",
    minifyWhitespace: true,
    define: { "import.meta.url": "__fileUrl" },
  });
  const ownUrl = 'const __fileUrl=require("node:url").pathToFileURL(__filename).href;';
  const lean = (code.includes("__fileUrl") ? ownUrl + code : code)
    // Only the program's own parts: a typed config of the user stays an import(), which loads ES modules.
    .replaceAll(/\bimport\("(\.\/[^"]+)"\)/g, 'Promise.resolve().then(() => require("$1"))')
    // The general helper copies every property of Node's own modules, which takes milliseconds; a prototype does as well.
    .replaceAll(/\b__toESM\(require\("([\w:/]+)"\)(?:,1)?\)/g, '(m=>({__proto__:m,default:m}))(require("$1"))')
    // The parts alone read each other: they need no copy of every export with a mark that it was an ES module.
    .replace(/\bmodule\.exports=__toCommonJS\((\w+)\);/, "module.exports=$1;");
  return { code: lean, imports: imports.filter((name) => name.startsWith("./")) };
}

/** The bundler names what several parts share `chunk-…`, and what is imported lazily after its source. */
function staysAlone(name: string, parts: ReadonlyMap<string, Part>): boolean {
  const isLazy = /^\.\/(?!chunk-).*-[A-Z0-9]{8}\.js$/.test(name);
  return isLazy && partAt(parts, name).code.length > longestLazyBytes;
}

/** Everything that a part can come to need, itself first. */
function reach(start: string, parts: ReadonlyMap<string, Part>): Set<string> {
  const reached = new Set([start]);
  for (const name of reached) for (const next of partAt(parts, name).imports) reached.add(next);
  return reached;
}

function partAt(parts: ReadonlyMap<string, Part>, name: string): Part {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`the bundle imports ${name}, which is no part of it`);
  return part;
}
