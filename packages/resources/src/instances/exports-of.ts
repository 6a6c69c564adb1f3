import {
  type CheckAddress,
  fillIn,
  type HealthCheck,
  readAddress,
  type Service,
  type ServicePlace,
  variablePrefix,
} from "@netra-apex/core";

/**
 * What the users of a service get in their environment: `NAME_HOST`, `NAME_PORT` where it has a port, `NAME_URL` where its health
 * check has an address with a protocol (of an http check without its path, which is that of the check alone), and what
 * its config exports.
 */
export function exportsOf(
  service: Service,
  place: ServicePlace,
  others: ReadonlyMap<string, ServicePlace> = new Map(),
): Record<string, string> {
  const prefix = variablePrefix(service.name);
  const url = urlOf(service.health?.check, place, others);
  const own = Object.entries(service.exports).map(([name, text]) => [name, fillIn(text, place, others)]);
  return {
    [`${prefix}_HOST`]: place.host,
    ...(place.port === undefined ? {} : { [`${prefix}_PORT`]: String(place.port) }),
    ...(url === undefined ? {} : { [`${prefix}_URL`]: url }),
    ...Object.fromEntries(own),
  };
}

/** What the users of several services get, each of them as {@link exportsOf} has it. */
export function allExports(
  all: readonly { readonly service: Service; readonly instance?: { readonly place: ServicePlace } }[],
  others: ReadonlyMap<string, ServicePlace>,
): Record<string, string> {
  const each = all.flatMap(({ service, instance }) => (instance ? [exportsOf(service, instance.place, others)] : []));
  return Object.assign({}, ...each) as Record<string, string>;
}

/** Where a service is that nobody here runs: the address of its health check; this machine where that has none. */
export function placeOfHealth(service: Service, others: ReadonlyMap<string, ServicePlace>): ServicePlace {
  const address = addressOfCheck(service.health?.check, { host: "localhost" }, others);
  return address ? { host: address.host, port: address.port } : { host: "localhost" };
}

/** The address of a check, or of the first of those that it is made of that has one; only of these kinds, where some are given. */
export function addressOfCheck(
  check: HealthCheck | undefined,
  own: ServicePlace,
  others: ReadonlyMap<string, ServicePlace>,
  kinds?: readonly CheckAddress["kind"][],
): CheckAddress | undefined {
  for (const one of partsOf(check)) {
    if (kinds && !kinds.some((kind) => kind === one.kind)) continue;
    const text = one.kind === "tcp" ? one.address : urlIn(one);
    const address =
      text === undefined ? undefined : readAddress(one.kind as CheckAddress["kind"], fillIn(text, own, others));
    if (address) return address;
  }
  return undefined;
}

function urlOf(
  check: HealthCheck | undefined,
  own: ServicePlace,
  others: ReadonlyMap<string, ServicePlace>,
): string | undefined {
  for (const one of partsOf(check)) {
    const text = urlIn(one);
    if (text === undefined) continue;
    const url = fillIn(text, own, others);
    return one.kind === "http" && URL.canParse(url) ? new URL(url).origin : url;
  }
  return undefined;
}

function urlIn(check: HealthCheck): string | undefined {
  return "url" in check ? check.url : undefined;
}

/** A check, or the ones that it is made of. */
function partsOf(check: HealthCheck | undefined): readonly HealthCheck[] {
  if (!check) return [];
  return check.kind === "all" || check.kind === "any" ? check.checks.flatMap((part) => partsOf(part)) : [check];
}
