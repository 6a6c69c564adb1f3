import { percentOf } from "../catalog/money.ts";
import type { Product, ProductId } from "../catalog/product.ts";
import { type Coupon, couponDiscountCents } from "./coupon.ts";

export interface CartLine {
  readonly product: Product;
  readonly quantity: number;
}

export interface PricedLine {
  readonly productId: ProductId;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceCents: number;
  /** What the quantity discount took off the line. */
  readonly discountCents: number;
  readonly totalCents: number;
}

export interface PricedCart {
  readonly lines: readonly PricedLine[];
  /** The sum of the lines, quantity discounts already taken off. */
  readonly subtotalCents: number;
  readonly coupon: string | null;
  readonly couponDiscountCents: number;
  readonly totalCents: number;
}

/** Highest first: the first tier that the quantity reaches applies to all pieces of the line. */
const QUANTITY_DISCOUNTS = [
  { fromQuantity: 10, percent: 10 },
  { fromQuantity: 5, percent: 5 },
] as const;

export function quantityDiscountPercent(quantity: number): number {
  return QUANTITY_DISCOUNTS.find((tier) => quantity >= tier.fromQuantity)?.percent ?? 0;
}

/**
 * Prices a cart: quantity discounts line by line, then the coupon on what is left.
 * @throws CouponRefusedError if the cart is below the coupon's minimum
 */
export function priceCart(cart: readonly CartLine[], coupon: Coupon | null): PricedCart {
  const lines = cart.map(priceLine);
  const subtotalCents = lines.reduce((sum, line) => sum + line.totalCents, 0);
  const discountCents = coupon ? couponDiscountCents(coupon, subtotalCents) : 0;
  return {
    lines,
    subtotalCents,
    coupon: coupon?.code ?? null,
    couponDiscountCents: discountCents,
    totalCents: subtotalCents - discountCents,
  };
}

function priceLine({ product, quantity }: CartLine): PricedLine {
  const fullCents = product.priceCents * quantity;
  const discountCents = percentOf(fullCents, quantityDiscountPercent(quantity));
  return {
    productId: product.id,
    name: product.name,
    quantity,
    unitPriceCents: product.priceCents,
    discountCents,
    totalCents: fullCents - discountCents,
  };
}
