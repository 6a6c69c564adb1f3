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

export {
  createResourceManagementAgent,
  type ResourceManagementOptions,
  resourceManagementAgentName,
  type ResourceTask,
  type ServicesPicture,
} from "./agent/resource-management-agent.ts";
export { createRunResourceAgent, type RunResourceOptions } from "./agent/run-resource-agent.ts";
export type { ServiceChange, UpService } from "./manager/bring-up.ts";
export { type Diagnosis, diagnoseServices, type ServiceLeftover } from "./manager/diagnose-services.ts";
export { type StopKeptOptions, stopKeptServices, type StoppedServices } from "./manager/kept-services.ts";
export { type FinderOptions, type FoundService, ServiceFinder } from "./manager/service-finder.ts";
export { ServiceManager, type ServiceManagerOptions } from "./manager/service-manager.ts";
export { defaultProviders, type ServiceProviders } from "./manager/service-providers.ts";
export { lookAtServices, type ServiceReport, waitForServices } from "./manager/look-at-services.ts";

// Processes, ports, what a layer needs, environments.
export { CommandInstance, type CommandInstanceOptions } from "./command/command-instance.ts";
export {
  CommandProvider,
  type CommandProviderOptions,
  isInstanceAlive,
  openCommandInstance,
} from "./command/command-provider.ts";
export { externalProvider } from "./command/external-provider.ts";
export { type CommandRecord, isCommandRecord } from "./command/remove-instance.ts";
export { ServiceKeeper } from "./command/service-keeper.ts";
export { configHash } from "./instances/config-hash.ts";
export { exportsOf, placeOfHealth } from "./instances/exports-of.ts";
export { type InstanceList, InstanceRegistry, isOwnerAlive } from "./instances/instance-registry.ts";
export { freePort } from "./ports/free-port.ts";
export { isListening } from "./ports/is-listening.ts";
export { describeHolder, fixForHolder, type PortHolder, portHolder } from "./ports/port-holder.ts";
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
export { compareReadings } from "./environments/compare-readings.ts";
export { type EnvironmentLook, readEnvironmentNow } from "./environments/read-environment-now.ts";
export { type TokenLook, TokenSource, type TokenSourceOptions } from "./environments/token-source.ts";
export { findProcessLeftovers, type Leftover } from "./instances/process-leftovers.ts";
export { availableMemoryBytes, type MemoryFiles } from "./preflight/available-memory.ts";
export { checkRequirements, type MissingEngine, type RequirementFacts } from "./preflight/check-requirements.ts";
export { describeMissing, summarizeMissing } from "./preflight/describe-missing.ts";
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
