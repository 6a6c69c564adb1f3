import type { Product, ProductId } from "../catalog/product.ts";
import type { Queries } from "./database.ts";

/** What a new shop has on its shelves. */
const PRODUCTS: readonly Product[] = [
  { id: "espresso-cup" as ProductId, name: "Espresso Cup", priceCents: 1250, stock: 40 },
  { id: "tea-pot" as ProductId, name: "Tea Pot", priceCents: 3990, stock: 12 },
  { id: "salt-and-pepper" as ProductId, name: "Salt & Pepper", priceCents: 1499, stock: 25 },
  { id: "bread-knife" as ProductId, name: "Bread Knife", priceCents: 2745, stock: 8 },
  { id: "cake-stand" as ProductId, name: "Cake Stand", priceCents: 5900, stock: 1 },
];

/** Adds the products that are missing; one that is already there keeps its price and stock. */
export async function seedProducts(queries: Queries): Promise<void> {
  for (const { id, name, priceCents, stock } of PRODUCTS) {
    await queries.query(
      "INSERT INTO products (id, name, price_cents, stock) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
      [id, name, priceCents, stock],
    );
  }
}
