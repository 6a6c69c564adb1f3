/** Where a service is, as far as its texts may refer to it. */
export interface ServicePlace {
  readonly host: string;
  /** Its first port; absent for what listens nowhere. */
  readonly port?: number;
  /** Ports of this machine by the service's own numbers. */
  readonly ports?: ReadonlyMap<number, number>;
  /** A directory of its own. */
  readonly directory?: string;
}

const placeholder = /\{([a-z_][\w-]*(?:\.[a-z]+)?|port:\d+)\}/gi;

/** A placeholder as it is written between its braces. */
export interface PlaceholderReference {
  /** The service that it is about; the one whose text it is when absent. */
  readonly service?: string;
  readonly what: "host" | "port" | "dir";
  /** Of the port that the service itself listens on. */
  readonly ownPort?: number;
}

/** What a text refers to; `undefined` for what is in braces and refers to nothing that is known. */
export function placeholdersIn(text: string): { readonly text: string; readonly reference?: PlaceholderReference }[] {
  return [...text.matchAll(placeholder)].map(([whole, inner = ""]) => {
    const reference = readReference(inner);
    return { text: whole, ...(reference ? { reference } : {}) };
  });
}

/**
 * Puts places into a text: `{host}`, `{port}` (the first one), `{port:5432}` (the one that the service itself calls 5432),
 * `{dir}`, and of another service `{name.host}`, `{name.port}`, `{name.dir}`. What is not known, or means nothing, stays as it is.
 */
export function fillIn(text: string, own: ServicePlace, others: ReadonlyMap<string, ServicePlace> = new Map()): string {
  return text.replaceAll(placeholder, (whole, inner: string) => {
    const reference = readReference(inner);
    if (!reference) return whole;
    const place = reference.service === undefined ? own : others.get(reference.service);
    return (place && valueOf(place, reference)) ?? whole;
  });
}

function valueOf(place: ServicePlace, { what, ownPort }: PlaceholderReference): string | undefined {
  switch (what) {
    case "host":
      return place.host.includes(":") ? `[${place.host}]` : place.host;
    case "port": {
      const port = ownPort === undefined ? place.port : place.ports?.get(ownPort);
      return port === undefined ? undefined : String(port);
    }
    case "dir":
      return place.directory;
    default:
      return what satisfies never;
  }
}

function readReference(inner: string): PlaceholderReference | undefined {
  if (inner.startsWith("port:")) return { what: "port", ownPort: Number(inner.slice("port:".length)) };
  const dot = inner.lastIndexOf(".");
  const what = inner.slice(dot + 1);
  if (what !== "host" && what !== "port" && what !== "dir") return undefined;
  return dot === -1 ? { what } : { service: inner.slice(0, dot), what };
}
