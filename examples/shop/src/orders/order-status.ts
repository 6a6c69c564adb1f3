import { ShopError } from "../shop-error.ts";

export type OrderStatus = "placed" | "paid" | "shipped" | "cancelled";
export type OrderAction = "pay" | "ship" | "cancel";

export class IllegalTransitionError extends ShopError {
  readonly code = "illegal-transition";

  constructor(status: OrderStatus, action: OrderAction) {
    super(`cannot ${action} an order that is ${status}`);
  }
}

/**
 * ```
 * placed ──pay──▶ paid ──ship──▶ shipped
 *    └───cancel───┴────▶ cancelled
 * ```
 */
const TRANSITIONS: Record<OrderStatus, Partial<Record<OrderAction, OrderStatus>>> = {
  placed: { pay: "paid", cancel: "cancelled" },
  paid: { ship: "shipped", cancel: "cancelled" },
  shipped: {},
  cancelled: {},
};

/** @throws IllegalTransitionError if an order of that status does not allow the action */
export function nextStatus(status: OrderStatus, action: OrderAction): OrderStatus {
  const next = TRANSITIONS[status][action];
  if (!next) throw new IllegalTransitionError(status, action);
  return next;
}
