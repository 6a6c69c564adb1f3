const EUROS = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

/** `1250` → `€12.50`. */
export function formatCents(cents: number): string {
  return EUROS.format(cents / 100);
}

/** A share of an amount in whole cents, rounded down: a discount never gives more than it promises. */
export function percentOf(cents: number, percent: number): number {
  return Math.floor((cents * percent) / 100);
}
