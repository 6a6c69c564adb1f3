import type { WrittenCategory, WrittenLayer } from "./written-config.ts";

/** The built-in layers, in the form in which a user would write them. A config is merged over them by id. */
export const defaultLayers: Readonly<Record<string, WrittenLayer>> = {
  fast_feedback: {
    name: "Fast Feedback",
    max_duration: "2m",
    execution_mode: "sequential",
    categories: ["smoke", "unit"],
    resource_limits: { max_memory: "512MiB", max_cpu_percent: 50 },
    llm_requirements: { mode: "mock" },
    fail_fast: true,
    flaky: "fail",
  },
  core_integration: {
    name: "Core Integration",
    max_duration: "10m",
    execution_mode: "parallel",
    categories: ["database", "api", "websocket", "integration"],
    resource_limits: { max_memory: "1024MiB", max_cpu_percent: 70 },
    required_services: ["postgresql", "redis", "backend_service"],
    llm_requirements: { mode: "mock" },
    dependencies: ["fast_feedback"],
  },
  service_integration: {
    name: "Service Integration",
    max_duration: "20m",
    execution_mode: "hybrid",
    categories: ["agent", "e2e_critical", "frontend"],
    resource_limits: { max_memory: "2048MiB", max_cpu_percent: 80 },
    required_services: ["postgresql", "redis", "backend_service", "auth_service"],
    llm_requirements: { mode: "real" },
    dependencies: ["core_integration"],
  },
  e2e_background: {
    name: "E2E Background",
    max_duration: "60m",
    execution_mode: "sequential",
    categories: ["cypress", "e2e", "performance"],
    resource_limits: { max_memory: "4096MiB", max_cpu_percent: 90 },
    required_services: ["postgresql", "redis", "backend_service", "auth_service", "frontend"],
    llm_requirements: { mode: "real" },
    dependencies: ["service_integration"],
    background_execution: true,
    dedicated_resources: true,
  },
};

/**
 * What holds for built-in categories unless the config says otherwise. Not in the layers' lists: a timeout there would win
 * over the one that a config gives the category itself.
 */
export const defaultCategories: Readonly<Record<string, WrittenCategory>> = {
  smoke: { timeout: "60s" },
  unit: { timeout: "120s" },
};

/** The twelve categories that the built-in layers place. */
export const builtInCategories: readonly string[] = [
  "smoke",
  "unit",
  "database",
  "api",
  "websocket",
  "integration",
  "agent",
  "e2e_critical",
  "frontend",
  "cypress",
  "e2e",
  "performance",
];

/** The run mode of a bare `apex`. */
export const defaultRunMode = "nightly";

/** The environment of a run that names none. */
export const defaultEnvironment = "test";
