import { randomUUID } from "node:crypto";
import { reserveStock, returnStock } from "../catalog/catalog.ts";
import type { Product, ProductId } from "../catalog/product.ts";
import type { Database, Queries } from "../database/database.ts";
import { findCoupon } from "./coupon.ts";
import type { Order, OrderEvent, OrderId } from "./order.ts";
import type { OrderRequest } from "./order-request.ts";
import { nextStatus, type OrderAction } from "./order-status.ts";
import { findOrder, insertOrder, lockOrder, saveStatus } from "./order-store.ts";
import { priceCart } from "./price-cart.ts";

export interface OrderDeskOptions {
  readonly database: Database;
  /** Told of every change once it is committed, so an event never announces what was rolled back. */
  readonly publish: (event: OrderEvent) => void;
  readonly now: () => Date;
}

/** Takes orders and carries them through their states; each change is one transaction. */
export class OrderDesk {
  readonly #database: Database;
  readonly #publish: (event: OrderEvent) => void;
  readonly #now: () => Date;

  constructor({ database, publish, now }: OrderDeskOptions) {
    this.#database = database;
    this.#publish = publish;
    this.#now = now;
  }

  /**
   * Reserves the stock of all lines, or of none, and writes the order down.
   * @throws UnknownProductError, OutOfStockError, CouponRefusedError
   */
  async place(request: OrderRequest): Promise<Order> {
    const coupon = request.coupon === null ? null : findCoupon(request.coupon);
    const order = await this.#database.transaction(async (transaction) => {
      const products = await reserveAll(transaction, request);
      const cart = request.lines.map(({ productId, quantity }) => ({ product: products.get(productId)!, quantity }));
      const placedAt = this.#now().toISOString();
      const id = randomUUID() as string as OrderId;
      const placed: Order = { id, status: "placed", placedAt, changedAt: placedAt, ...priceCart(cart, coupon) };
      await insertOrder(transaction, placed);
      return placed;
    });
    this.#announce(order);
    return order;
  }

  /** @throws UnknownOrderError */
  find(id: string): Promise<Order> {
    return findOrder(this.#database, id);
  }

  /**
   * Moves an order to its next status; cancelling puts its stock back.
   * @throws UnknownOrderError, IllegalTransitionError
   */
  async change(id: string, action: OrderAction): Promise<Order> {
    const order = await this.#database.transaction(async (transaction) => {
      const before = await lockOrder(transaction, id);
      const status = nextStatus(before.status, action);
      const after: Order = { ...before, status, changedAt: this.#now().toISOString() };
      await saveStatus(transaction, after);
      if (status === "cancelled") {
        for (const line of inLockingSequence(after.lines))
          await returnStock(transaction, line.productId, line.quantity);
      }
      return after;
    });
    this.#announce(order);
    return order;
  }

  #announce(order: Order): void {
    this.#publish({ type: `order-${order.status}`, order });
  }
}

async function reserveAll(transaction: Queries, { lines }: OrderRequest): Promise<Map<ProductId, Product>> {
  const products = new Map<ProductId, Product>();
  for (const { productId, quantity } of inLockingSequence(lines)) {
    products.set(productId, await reserveStock(transaction, productId, quantity));
  }
  return products;
}

/** Every transaction locks products in this one sequence, so no two can wait for each other forever. */
function inLockingSequence<Line extends { readonly productId: ProductId }>(lines: readonly Line[]): Line[] {
  return lines.toSorted((a, b) => (a.productId < b.productId ? -1 : 1));
}
