import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { transform } from "esbuild";
import ts from "typescript";

/** How a program is packed. */
export interface Packing {
  /** A part that is imported lazily and is longer than this stays a file of its own; by default none does. */
  readonly longestLazyBytes?: number;
}

/**
 * Packs each program in a directory, which the bundler has split into ES modules, into one CommonJS file, in place.
 *
 * Splitting is what keeps a command from evaluating what only others need, and each file costs a start its third of a
 * millisecond. So the parts become functions in one file, called when the first other part needs theirs; V8 does not even
 * compile the others. CommonJS saves another 10 ms (no module loader, no facades of Node's own modules), while the bundler's tree
 * shaking and splitting need ES modules to work on. A program's own `import()` becomes a require(); any other stays one, made by
 * `module.importModule` where whoever loads the program gives it.
 *
 * The file begins with a comment that identifies its text, and leaves the parts that are loaded in `module.parts`: a cache
 * of its functions goes by them (`bin/load-with-cache.js`).
 */
export async function packPrograms(directory: string, programs: Readonly<Record<string, Packing>>): Promise<void> {
  const names = readdirSync(directory).filter((name) => name.endsWith(".js"));
  const parts: Parts = new Map();
  for (const name of names) parts.set(`./${name}`, await partOf(path.join(directory, name)));

  for (const name of names) rmSync(path.join(directory, name));
  for (const [program, { longestLazyBytes = Infinity }] of Object.entries(programs)) {
    const start = `./${program}.js`;
    const inside: string[] = [];
    for (const name of reach(start, parts)) {
      const { code } = partAt(parts, name);
      if (!isLazy(name) || code.length <= longestLazyBytes) inside.push(`${JSON.stringify(name)}:${factory(code)}`);
      else writeFileSync(path.join(directory, name), `"use strict";\nmodule.exports=${factory(code)};\n`);
    }
    const text = `${runtime}\nconst parts={${inside.join(",\n")}};\nmodule.exports=load("${start}");\n`;
    const identity = createHash("sha256").update(text).digest("hex").slice(0, 16);
    writeFileSync(path.join(directory, `${program}.js`), `//${identity}\n${text}`);
  }
  writeFileSync(path.join(directory, "package.json"), '{ "type": "commonjs" }\n');
}

type Parts = Map<string, Part>;

interface Part {
  /** CommonJS. */
  readonly code: string;
  /** Names of the parts that it imports, lazily or not. */
  readonly imports: readonly string[];
}

/** Parts that are files of their own are the same functions there, for whichever program loads them. */
const runtime = `"use strict";
const loaded=module.parts={};
const importModule=module.importModule??((specifier)=>import(specifier));
const load=(name)=>{
  if(!name.startsWith("./"))return require(name);
  const known=loaded[name];
  if(known!==undefined)return known.exports;
  const part=loaded[name]={exports:{}};
  (parts[name]??require(name))(part,part.exports,load,importModule);
  return part.exports;
};`;

function factory(code: string): string {
  return `function(module,exports,require,importModule){${code}\n}`;
}

async function partOf(file: string): Promise<Part> {
  const text = readFileSync(file, "utf8");
  const { code } = await transform(text, {
    format: "cjs",
    platform: "node",
    target: "node22",
    minifyWhitespace: true,
    define: { "import.meta.url": "__fileUrl" },
  });
  const ownUrl = 'const __fileUrl=require("node:url").pathToFileURL(__filename).href;';
  const { requiring, imports } = withoutImports(code.includes("__fileUrl") ? ownUrl + code : code);
  const lean = requiring
    // The general helper copies every property of Node's own modules, which takes milliseconds; a prototype does as well.
    .replaceAll(/\b__toESM\(require\("([\w:/]+)"\)(?:,1)?\)/g, '(m=>({__proto__:m,default:m}))(require("$1"))')
    // The parts alone read each other: they need no copy of every export with a mark that it was an ES module.
    .replace(/\bmodule\.exports=__toCommonJS\((\w+)\);/, "module.exports=$1;");
  return { code: lean, imports };
}

/** Only the program's own parts are required: a typed config of the user is an ES module. */
function withoutImports(code: string): { readonly requiring: string; readonly imports: readonly string[] } {
  const source = ts.createSourceFile("part.js", code, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const pieces: string[] = [];
  const imports: string[] = [];
  let end = 0;
  const visit = (node: ts.Node): void => {
    const [specifier] = ts.isCallExpression(node) ? node.arguments : [];
    const isOwn = specifier && ts.isStringLiteral(specifier) && specifier.text.startsWith("./");
    if (isOwn && ts.isCallExpression(node) && isImporting(node.expression)) imports.push(specifier.text);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      pieces.push(code.slice(end, node.getStart(source)));
      end = isOwn ? node.end : node.expression.end;
      pieces.push(isOwn ? `Promise.resolve().then(()=>require(${JSON.stringify(specifier.text)}))` : "importModule");
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { requiring: pieces.join("") + code.slice(end), imports };
}

function isImporting(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require");
}

/** The bundler names what several parts share `chunk-…`, and what is imported lazily after its source. */
function isLazy(name: string): boolean {
  return /^\.\/(?!chunk-).*-[A-Z0-9]{8}\.js$/.test(name);
}

/** Everything that a part can come to need, itself first. */
function reach(start: string, parts: Parts): Set<string> {
  const reached = new Set([start]);
  for (const name of reached) for (const next of partAt(parts, name).imports) reached.add(next);
  return reached;
}

function partAt(parts: Parts, name: string): Part {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`the bundle imports ${name}, which is no part of it`);
  return part;
}
