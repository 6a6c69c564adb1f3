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

export {
  createResourceManagementAgent,
  type ResourceManagementOptions,
  resourceManagementAgentName,
  type ResourceTask,
  type ServicesPicture,
} from "./agent/resource-management-agent.ts";
export type { ServiceChange, UpService } from "./manager/bring-up.ts";
export { ServiceManager, type ServiceManagerOptions } from "./manager/service-manager.ts";
export { defaultProviders, type ServiceProviders } from "./manager/service-providers.ts";
export { type LookOptions, lookAtServices, type ServiceReport, waitForServices } from "./manager/look-at-services.ts";
