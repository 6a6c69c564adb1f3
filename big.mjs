import { writeSync } from "node:fs";
const line = "x".repeat(1023) + "\n";
const mb = Buffer.from(line.repeat(1024));
for (let i = 0; i < 1024; i++) writeSync(1, mb);
console.log("the very last line");
process.exit(1);
