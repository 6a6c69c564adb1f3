import type { Command } from "commander";
import { addEntry, type CommandEntry } from "./command-table.ts";
import type { ServiceOptions } from "./services/service-options.ts";

const flags = {
  config: ["--config <file>", "this config instead of the one that is found"],
  env: ["--env <name>", "environment whose profile applies (default: test)"],
  profile: ["--profile <name>", "this profile of the services, such as light"],
  json: ["--json", "machine-readable"],
  forceRecreate: ["--force-recreate", "stop what apex has left up before, and start it anew"],
  timeout: ["--timeout <duration>", "wait no longer than this (default: each service's own deadline)"],
  clean: ["--clean", "list what was left over, and remove it"],
} as const;

const commands: readonly CommandEntry<keyof typeof flags, ServiceOptions>[] = [
  {
    name: "status",
    arguments: "[services...]",
    summary: "how the services are, whose they are, and where (the default)",
    flags: ["profile", "json", "env", "config"],
    run: async (names, options) => (await import("./services/status.ts")).servicesStatusCommand(names, options),
  },
  {
    name: "up",
    arguments: "[services...]",
    summary: "start services, wait until they are ready, and leave them up",
    flags: ["forceRecreate", "profile", "json", "env", "config"],
    run: async (names, options) => (await import("./services/up.ts")).servicesUpCommand(names, options),
  },
  {
    name: "down",
    arguments: "[services...]",
    summary: "stop what apex has started and left up; nothing else",
    flags: ["profile", "json", "env", "config"],
    run: async (names, options) => (await import("./services/down.ts")).servicesDownCommand(names, options),
  },
  {
    name: "wait",
    arguments: "[services...]",
    summary: "return when services are ready, whoever starts them",
    flags: ["timeout", "profile", "json", "env", "config"],
    run: async (names, options) => (await import("./services/wait.ts")).servicesWaitCommand(names, options),
  },
  {
    name: "doctor",
    summary: "what keeps services from starting: engines, ports, leftovers",
    flags: ["clean", "profile", "json", "env", "config"],
    run: async (_, options) => (await import("./services/doctor.ts")).servicesDoctorCommand(options),
  },
];

/** Adds `apex services` with its commands. `onEnd` gets the exit code of the one that was run. */
export function addServiceCommands(program: Command, onEnd: (exitCode: number) => void): void {
  const services = program
    .command("services")
    .summary("what tests stand on: status, up, down, wait, doctor")
    .description("What tests stand on: databases, backends, containers.")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false);
  for (const entry of commands) addEntry(services, entry, { flags }, { onEnd });
}
