// Node's own compile cache keeps what V8 compiles while a file is loaded, which is next to nothing of a program that is made
// of functions. This one is written when the process ends, with every function that was called.
"use strict";

const { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const path = require("node:path");
const vm = require("node:vm");

/** Before V8's data: how many parts of the program it comes from, and a checksum of it. The header's size keeps the data aligned. */
const headerBytes = 8;
/** Caches of programs that are no longer there are removed after a while: 14 days, in milliseconds. */
const keepMs = 14 * 24 * 3_600_000;

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
    if (cache.length <= headerBytes) return undefined;
    // V8 runs what it is given, damaged or not.
    return cache.readUInt32LE(4) === checksumOf(cache.subarray(headerBytes)) ? cache : undefined;
  } catch {
    return undefined;
  }
}

function write(file, parts, data) {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(parts);
  header.writeUInt32LE(checksumOf(data), 4);
  try {
    // Another process may read it at any time, and V8 trusts what it reads: it is there whole, after a loss of power, too.
    writeFileSync(`${file}.${process.pid}`, Buffer.concat([header, data]), { mode: 0o600, flush: true });
    renameSync(`${file}.${process.pid}`, file);
    removeOld(path.dirname(file));
  } catch {
    // A start without a cache takes longer, and does the same.
  }
}

/** FNV-1a by words: http://www.isthe.com/chongo/tech/comp/fnv/. Node's own checksums are in modules that take longer to load. */
function checksumOf(data) {
  const aligned = data.byteOffset % 4 === 0 ? data : Buffer.from(data);
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
  let sum = 0x811c9dc5;
  for (let at = 0; at < words.length; at += 1) sum = Math.imul(sum ^ words[at], 0x01000193);
  return sum >>> 0;
}

function removeOld(directory) {
  for (const name of readdirSync(directory)) {
    const file = path.join(directory, name);
    if (Date.now() - lstatSync(file).mtimeMs > keepMs) rmSync(file, { force: true });
  }
}
