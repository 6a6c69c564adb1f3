#!/usr/bin/env node
// Only what every start needs: the Node check, the version, the compile cache. The program itself is in ../dist.
// CommonJS, and plain enough for any Node to get as far as the check.
"use strict";

const [major = 0, minor = 0, patch = 0] = process.versions.node.split(".").map(Number);
const isSupported =
  major >= 26 || (major === 24 && minor >= 15) || (major === 22 && (minor > 22 || (minor === 22 && patch >= 3)));

if (!isSupported) {
  process.stderr.write(
    `apex needs Node ^22.22.3, ^24.15.0 or >=26, and this is ${process.versions.node}\n` +
      "  hint: install a current Node, or run it through npx: npx -p node@24 -p netra-apex apex\n",
  );
  process.exitCode = 2;
} else if (process.argv.length === 3 && (process.argv[2] === "--version" || process.argv[2] === "-V")) {
  process.stdout.write(`${require("../package.json").version}\n`);
} else {
  // V8's cache keeps the functions that the first run with it has called, and never learns those of a later one. So each
  // command has a cache of its own: a first `apex plan` must not slow down every `apex run` after it.
  const command = process.argv[2] ?? "";
  const past = ["history", "flaky", "slowest", "status", "replay", "report", "export", "import", "store"];
  const use = { plan: "plan", "--help": "help", "-h": "help" }[command] ?? (past.includes(command) ? "past" : "run");
  require("node:module").enableCompileCache(
    require("node:path").join(require("node:os").tmpdir(), "apex-compile-cache", use),
  );
  require("../dist/cli/main.js").main(process.argv.slice(2));
}
