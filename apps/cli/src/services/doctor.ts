import { exitCodes } from "@netra-apex/core";
import { type Diagnosis, diagnoseServices } from "@netra-apex/resources";
import { plain, table } from "../table.ts";
import { chosenServices } from "./chosen-services.ts";
import type { ServiceOptions } from "./service-options.ts";

/**
 * `apex services doctor`: what keeps services from starting, and what earlier runs have left behind; `--clean` removes that, after it
 * was listed. Exit code 3 when something is wrong that was not mended.
 */
export async function servicesDoctorCommand(options: ServiceOptions): Promise<number> {
  const { config } = await chosenServices([], options);
  const diagnosis = await diagnoseServices(config);
  if (!options.json) process.stdout.write(`${textOf(diagnosis)}\n`);
  const removed: string[] = [];
  const errors: string[] = [];
  if (options.clean) {
    for (const leftover of diagnosis.leftovers) {
      const { description } = leftover;
      try {
        await leftover.remove();
        removed.push(description);
        if (!options.json) process.stdout.write(`removed  ${plain(description)}\n`);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        errors.push(message);
        if (!options.json) process.stdout.write(`not removed  ${plain(message)}\n`);
      }
    }
  }
  if (options.json) {
    const leftovers = diagnosis.leftovers.map(({ kind, description }) => ({ kind, description }));
    process.stdout.write(`${JSON.stringify({ ...diagnosis, leftovers, removed, errors })}\n`);
  } else if (!options.clean && diagnosis.leftovers.length > 0) {
    process.stdout.write("apex services doctor --clean removes what was left over\n");
  }
  const isClean = options.clean ? errors.length === 0 : diagnosis.leftovers.length === 0;
  return isClean && diagnosis.problems.length === 0 ? exitCodes.passed : exitCodes.infrastructure;
}

function textOf({ engine, ports, problems, leftovers, kept }: Diagnosis): string {
  const rows = [
    ["docker", engine.isAvailable ? "ok" : engine.isNeeded ? "missing" : "not there", engine.description],
    ...ports.map(({ port, service, holder }) => [
      `port ${port}`,
      holder === undefined ? "free" : "held",
      `${service}${holder === undefined ? "" : `: by ${holder}`}`,
    ]),
    ...kept.map(({ service, projectRoot, description }) => ["left up", service, `${description}, of ${projectRoot}`]),
    ...leftovers.map(({ kind, description }) => ["leftover", kind, description]),
  ];
  const wrong = problems.flatMap(({ reason, fix }) => [
    plain(`problem  ${reason}`),
    ...(fix === undefined ? [] : [plain(`  fix: ${fix}`)]),
  ]);
  const end = leftovers.length === 0 ? ["nothing was left over"] : [];
  return [table(rows), ...wrong, ...end].join("\n");
}
