// Node's own compile cache keeps what V8 compiles while a file is loaded, which is next to nothing of a program that is made
// of functions. This one is written when the process ends, with every function that was called.
"use strict";

const { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const path = require("node:path");
const vm = require("node:vm");

/** How many parts of the program the cached functions come from, before V8's data; its size keeps that aligned. */
const headerBytes = 8;

/**
 * Loads a packed program (see `build/pack-programs.ts`): what `require(file)` returns. `use` names a cache of functions in
 * `directory`; one that belongs to somebody else is not used. A run that loads more parts of the program than the cache knows
 * adds what it has called. Never fails for the cache's sake.
 */
exports.loadWithCache = (file, directory, use) => {
  const source = readFileSync(file, "utf8");
  // The packed file begins with what identifies its text: V8 itself looks at the length alone.
  const identity = source.slice(2, source.indexOf("\n"));
  const cacheFile = path.join(directory, `${use}-${identity}-${process.version}-${process.arch}`);
  const cache = isOwn(directory) ? read(cacheFile) : undefined;
  const script = new vm.Script(wrap(source), {
    filename: file,
    ...(cache ? { cachedData: cache.subarray(headerBytes) } : {}),
  });
  const known = cache && !script.cachedDataRejected ? cache.readUInt32LE(0) : 0;
  // An import() inside of a script that is compiled here would warn that it is experimental.
  const module = { exports: {}, parts: {}, importModule: (specifier) => import(specifier) };
  process.once("exit", () => {
    const parts = Object.keys(module.parts).length;
    if (parts > known && isOwn(directory)) write(cacheFile, parts, script.createCachedData());
  });
  script.runInThisContext().call(module.exports, module.exports, createRequire(file), module, file, path.dirname(file));
  return module.exports;
};

/** V8 runs what is in a cache: one that somebody else can write to is none. */
function isOwn(directory) {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const found = lstatSync(directory);
    if (process.platform === "win32") return found.isDirectory();
    return found.isDirectory() && found.uid === process.getuid() && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

function read(file) {
  try {
    const cache = readFileSync(file);
    return cache.length > headerBytes ? cache : undefined;
  } catch {
    return undefined;
  }
}

function write(file, parts, data) {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(parts);
  try {
    // Another process may read it at any time, and V8 trusts what it reads: it is there whole, after a loss of power, too.
    writeFileSync(`${file}.${process.pid}`, Buffer.concat([header, data]), { mode: 0o600, flush: true });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A start without a cache takes longer, and does the same.
  }
}
