/** What a config's mapping has under a name. Plain indexing would also find what every object inherits, such as `constructor`. */
export function ownValue<Value>(mapping: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return mapping !== undefined && Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}
