const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

/** `1250` → `€12.50`. */
export function formatCents(cents) {
  return euros.format(cents / 100);
}
