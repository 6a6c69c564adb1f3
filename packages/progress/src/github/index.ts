export { createGithubReporter, type GithubReporterOptions } from "./github-reporter.ts";
export { ReporterEnvironmentError } from "../reporter-environment-error.ts";
export type { OutputEnv, OutputStream } from "../output-stream.ts";
