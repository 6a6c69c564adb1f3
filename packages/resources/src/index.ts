export {
  type CheckedServices,
  checkServices,
  createServiceCheck,
  type ServiceCheck,
  type ServiceProblem,
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
export type { InstanceRecords } from "./docker/instance-records.ts";
export { type ContainerLeftover, findContainerLeftovers } from "./docker/container-leftovers.ts";
export { type ComposeProviderOptions, createComposeProvider } from "./docker/compose-provider.ts";
export { createDockerProvider, type DockerProviderOptions } from "./docker/docker-provider.ts";
export { type ContainerFacts, DockerEngine, type EngineFacts } from "./docker/docker-engine.ts";
export type { EngineEndpoint, EngineOptions } from "./docker/engine-endpoints.ts";
export { EngineError, type EngineProblem } from "./docker/engine-error.ts";
export { createEngineSource, type EngineSource } from "./docker/engine-source.ts";
export { type EngineStatus, engineStatus } from "./docker/engine-status.ts";
export { findEngine } from "./docker/find-engine.ts";
