import { html } from "hono/html";
import { formatCents } from "../catalog/money.ts";
import type { Product } from "../catalog/product.ts";

type Html = ReturnType<typeof html>;

/** The page of the shop. `html` escapes every value that is put into it. */
export function renderPage(products: readonly Product[]): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>The Kitchen Shop</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/shop.css" />
        <script type="module" src="/shop.js"></script>
      </head>
      <body>
        <h1>The Kitchen Shop</h1>
        <label>Coupon <input id="coupon" placeholder="WELCOME10" /></label>
        <output id="notice"></output>
        <ul id="products">
          ${products.map(renderProduct)}
        </ul>
        <h2>Live orders</h2>
        <ul id="orders"></ul>
      </body>
    </html>`;
}

function renderProduct({ id, name, priceCents, stock }: Product): Html {
  return html` <li>
    <form data-product="${id}">
      <strong>${name}</strong> <span>${formatCents(priceCents)}</span> <small><b data-stock>${stock}</b> left</small>
      <input name="quantity" type="number" min="1" max="100" value="1" aria-label="Quantity" />
      <button>Order</button>
    </form>
  </li>`;
}
