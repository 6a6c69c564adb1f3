/** A counted place that runs of this machine share, such as a service that stands so many of them. */
export interface HostSlot {
  /** Of the project, unless it begins with `host:`. */
  readonly name: string;
  /** As many runs may have one at once. */
  readonly of: number;
}

/** What a run asks of this machine in one go; what is absent is nothing. */
export interface HostAmounts {
  readonly memoryBytes?: number;
  /** Thousandths of a CPU, so that sums are exact. */
  readonly milliCpus?: number;
  /** Of the project, unless their names begin with `host:`. */
  readonly mutexes?: readonly string[];
  readonly slots?: readonly HostSlot[];
  /** No other run beside it. */
  readonly isDedicated?: boolean;
}

/** What there is of the machine. */
export interface HostCapacity {
  readonly memoryBytes: number;
  readonly milliCpus: number;
}

/** Whether nothing at all is asked for. */
export function isNothing({
  memoryBytes = 0,
  milliCpus = 0,
  mutexes = [],
  slots = [],
  isDedicated = false,
}: HostAmounts): boolean {
  return memoryBytes === 0 && milliCpus === 0 && mutexes.length === 0 && slots.length === 0 && !isDedicated;
}

/** All of them at once. */
export function sumOf(all: readonly HostAmounts[]): Required<HostAmounts> {
  const slots = new Map(all.flatMap((one) => one.slots ?? []).map((slot) => [slot.name, slot]));
  return {
    memoryBytes: all.reduce((sum, { memoryBytes = 0 }) => sum + memoryBytes, 0),
    milliCpus: all.reduce((sum, { milliCpus = 0 }) => sum + milliCpus, 0),
    mutexes: [...new Set(all.flatMap(({ mutexes = [] }) => mutexes))],
    slots: [...slots.values()],
    isDedicated: all.some(({ isDedicated }) => isDedicated === true),
  };
}

/** Whether what one takes could be what the other waits for. */
export function areRivals(left: HostAmounts, right: HostAmounts): boolean {
  const both = (amount: "memoryBytes" | "milliCpus"): boolean => (left[amount] ?? 0) > 0 && (right[amount] ?? 0) > 0;
  const named = ({ slots = [], mutexes = [] }: HostAmounts): string[] => [
    ...slots.map(({ name }) => `slot ${name}`),
    ...mutexes.map((name) => `mutex ${name}`),
  ];
  const names = new Set(named(left));
  return (
    left.isDedicated === true ||
    right.isDedicated === true ||
    both("memoryBytes") ||
    both("milliCpus") ||
    named(right).some((name) => names.has(name))
  );
}

const everywhere = "host:";

/** The amounts with the names of a project told apart from those of other projects. */
export function namedFor(projectRoot: string, amounts: HostAmounts): HostAmounts {
  const nameOf = (name: string): string => (name.startsWith(everywhere) ? name : `${name} of ${projectRoot}`);
  return {
    ...amounts,
    ...(amounts.mutexes ? { mutexes: amounts.mutexes.map(nameOf) } : {}),
    ...(amounts.slots ? { slots: amounts.slots.map((slot) => ({ ...slot, name: nameOf(slot.name) })) } : {}),
  };
}
