/** The prefix of the variables that tell where a service is: `my-db` → `MY_DB`. */
export function variablePrefix(service: string): string {
  return service.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
}
