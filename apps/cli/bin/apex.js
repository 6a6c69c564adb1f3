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
  // Each command has a cache of its own, so that none reads what only others call.
  const command = process.argv[2] ?? "";
  const past = ["history", "flaky", "slowest", "status", "replay", "report", "export", "import", "store"];
  const use =
    { plan: "plan", "--help": "help", "-h": "help", bg: "background", services: "services" }[command] ??
    (command.startsWith("--background") ? "background" : undefined) ??
    (past.includes(command) ? "past" : "run");
  const path = require("node:path");
  const program = path.join(__dirname, "../dist/cli/main.js");
  if (process.env.NODE_DISABLE_COMPILE_CACHE) require(program).main(process.argv.slice(2));
  else {
    const user = process.getuid?.() ?? "user";
    const directory = path.join(require("node:os").tmpdir(), `apex-compile-cache-${user}`);
    require("./load-with-cache.js").loadWithCache(program, directory, use).main(process.argv.slice(2));
  }
}
