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
