import type { Queries } from "../database/database.ts";
import { ShopError } from "../shop-error.ts";
import { isProductId, type Product, type ProductId } from "./product.ts";

export class UnknownProductError extends ShopError {
  readonly code = "unknown-product";

  constructor(productId: string) {
    super(`there is no product "${productId}"`);
  }
}

export class OutOfStockError extends ShopError {
  readonly code = "out-of-stock";
  readonly product: Product;

  constructor(product: Product, quantity: number) {
    super(`${quantity} × ${product.name} asked for, ${product.stock} left`);
    this.product = product;
  }
}

const COLUMNS = 'id, name, price_cents AS "priceCents", stock';

/** All products by name, those that are sold out included. */
export function listProducts(queries: Queries): Promise<Product[]> {
  return queries.query<Product>(`SELECT ${COLUMNS} FROM products ORDER BY name`);
}

/** @throws UnknownProductError */
export async function findProduct(queries: Queries, id: string): Promise<Product> {
  // PostgreSQL does not take every string that an address can contain, a NUL character for one.
  if (!isProductId(id)) throw new UnknownProductError(id);
  const [product] = await queries.query<Product>(`SELECT ${COLUMNS} FROM products WHERE id = $1`, [id]);
  if (!product) throw new UnknownProductError(id);
  return product;
}

/**
 * Takes `quantity` pieces out of the stock and returns the product as it is afterwards.
 * @throws OutOfStockError, UnknownProductError
 */
export async function reserveStock(queries: Queries, id: ProductId, quantity: number): Promise<Product> {
  // One statement checks and takes: between a check and a take, another order could slip in.
  const [product] = await queries.query<Product>(
    `UPDATE products SET stock = stock - $2 WHERE id = $1 AND stock >= $2 RETURNING ${COLUMNS}`,
    [id, quantity],
  );
  if (!product) throw new OutOfStockError(await findProduct(queries, id), quantity);
  return product;
}

/** Puts back what {@link reserveStock} took. */
export async function returnStock(queries: Queries, id: ProductId, quantity: number): Promise<void> {
  await queries.query("UPDATE products SET stock = stock + $2 WHERE id = $1", [id, quantity]);
}
