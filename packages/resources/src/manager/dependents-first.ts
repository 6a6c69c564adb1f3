import type { Service } from "@netra-apex/core";

/** Does something with services, each once, with those that need it before; what does not wait for another at the same time. */
export async function dependentsFirst(
  names: Iterable<string>,
  services: readonly Service[],
  work: (name: string) => Promise<void>,
): Promise<void> {
  const known = new Map<string, Promise<void>>();
  const doOne = (name: string): Promise<void> => {
    const present = known.get(name);
    if (present) return present;
    const dependents = services.filter(({ needs }) => needs.includes(name));
    const done = Promise.all(dependents.map((dependent) => doOne(dependent.name))).then(() => work(name));
    known.set(name, done);
    return done;
  };
  await Promise.all([...names].map(doOne));
}
