export {
  type CheckedServices,
  checkServices,
  createServiceCheck,
  type ServiceCheck,
  type UnavailableService,
} from "./check-services.ts";
export type {
  AskLimits,
  CommandResult,
  InstanceStatus,
  ProbeSubject,
  ProvisionContext,
  ServiceInstance,
  ServiceProvider,
} from "./instance.ts";
export type { InstanceRecord } from "./instances/instance-record.ts";
export { ServiceError } from "./service-error.ts";

// Looking at services, and waiting for them
export { createProbe, type ProbeOptions } from "./probes/create-probe.ts";
export type { NotReady, Probe, ProbeResult, Ready, ServiceProblem } from "./probes/probe.ts";
export { reasonOf } from "./probes/reason-of.ts";
export { waitForService, type WaitForServiceOptions } from "./wait/wait-for-service.ts";
export { waitUntilReady, type WaitOptions, type WaitResult } from "./wait/wait-until-ready.ts";
export {
  type EndedOutage,
  type ObservedOutage,
  type ServiceWatch,
  watchService,
  type WatchOptions,
} from "./wait/watch-service.ts";
