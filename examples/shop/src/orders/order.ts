import type { OrderStatus } from "./order-status.ts";
import type { PricedCart } from "./price-cart.ts";

/** A random UUID. */
export type OrderId = string & { readonly brand: "OrderId" };

export function isOrderId(value: string): value is OrderId {
  return /^[0-9a-f-]{36}$/.test(value);
}

/** A priced cart that a customer committed to. Its prices are those of the moment it was placed. */
export interface Order extends PricedCart {
  readonly id: OrderId;
  readonly status: OrderStatus;
  /** ISO 8601, UTC. */
  readonly placedAt: string;
  /** When the status last changed; ISO 8601, UTC. */
  readonly changedAt: string;
}

/** What the feed tells its subscribers: the order as it is after the change. */
export interface OrderEvent {
  readonly type: `order-${OrderStatus}`;
  readonly order: Order;
}
