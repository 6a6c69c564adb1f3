import path from "node:path";
import { checkApiReports } from "./api-reports.mjs";

// `pnpm api`: writes the reports of what the packages export, from what has been built.
const { exitCode, output } = checkApiReports({ root: path.resolve(import.meta.dirname, ".."), update: true });
process.stderr.write(output);
process.exitCode = exitCode;
