/** Lower-case letters, digits and hyphens, as in an address: `tea-pot`. */
export type ProductId = string & { readonly brand: "ProductId" };

/** Something the shop sells; `stock` is what can still be ordered. */
export interface Product {
  readonly id: ProductId;
  readonly name: string;
  readonly priceCents: number;
  readonly stock: number;
}

export function isProductId(value: unknown): value is ProductId {
  return typeof value === "string" && /^[a-z0-9-]{1,64}$/.test(value);
}
