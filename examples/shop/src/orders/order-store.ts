import type { Queries } from "../database/database.ts";
import { ShopError } from "../shop-error.ts";
import { isOrderId, type Order, type OrderId } from "./order.ts";
import type { PricedLine } from "./price-cart.ts";

export class UnknownOrderError extends ShopError {
  readonly code = "unknown-order";

  constructor(orderId: string) {
    super(`there is no order "${orderId}"`);
  }
}

type OrderRow = Omit<Order, "lines">;

const ORDER_COLUMNS = `id, status, placed_at AS "placedAt", changed_at AS "changedAt", subtotal_cents AS "subtotalCents",
  coupon, coupon_discount_cents AS "couponDiscountCents", total_cents AS "totalCents"`;

const LINE_COLUMNS = `product_id AS "productId", name, quantity, unit_price_cents AS "unitPriceCents",
  discount_cents AS "discountCents", total_cents AS "totalCents"`;

/** Writes an order and its lines; call it inside a transaction. */
export async function insertOrder(transaction: Queries, order: Order): Promise<void> {
  await transaction.query(
    `INSERT INTO orders (id, status, placed_at, changed_at, subtotal_cents, coupon, coupon_discount_cents, total_cents)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      order.id,
      order.status,
      order.placedAt,
      order.changedAt,
      order.subtotalCents,
      order.coupon,
      order.couponDiscountCents,
      order.totalCents,
    ],
  );
  for (const [index, line] of order.lines.entries()) {
    await transaction.query(
      `INSERT INTO order_lines
         (order_id, line_number, product_id, name, quantity, unit_price_cents, discount_cents, total_cents)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        order.id,
        index + 1,
        line.productId,
        line.name,
        line.quantity,
        line.unitPriceCents,
        line.discountCents,
        line.totalCents,
      ],
    );
  }
}

/** @throws UnknownOrderError */
export async function findOrder(queries: Queries, id: string): Promise<Order> {
  if (!isOrderId(id)) throw new UnknownOrderError(id);
  const rows = await queries.query<OrderRow>(`SELECT ${ORDER_COLUMNS} FROM orders WHERE id = $1`, [id]);
  return withLines(queries, id, rows);
}

/**
 * Reads an order that nobody else can change until the transaction ends.
 * @throws UnknownOrderError
 */
export async function lockOrder(transaction: Queries, id: string): Promise<Order> {
  if (!isOrderId(id)) throw new UnknownOrderError(id);
  // An update that changes nothing locks the row in both dialects; SQLite has no SELECT … FOR UPDATE.
  const rows = await transaction.query<OrderRow>(
    `UPDATE orders SET status = status WHERE id = $1 RETURNING ${ORDER_COLUMNS}`,
    [id],
  );
  return withLines(transaction, id, rows);
}

export async function saveStatus(transaction: Queries, { id, status, changedAt }: Order): Promise<void> {
  await transaction.query("UPDATE orders SET status = $2, changed_at = $3 WHERE id = $1", [id, status, changedAt]);
}

async function withLines(queries: Queries, id: OrderId, [row]: readonly OrderRow[]): Promise<Order> {
  if (!row) throw new UnknownOrderError(id);
  const lines = await queries.query<PricedLine>(
    `SELECT ${LINE_COLUMNS} FROM order_lines WHERE order_id = $1 ORDER BY line_number`,
    [id],
  );
  return { ...row, lines };
}
