import { html } from "hono/html";
import { formatCents } from "../catalog/money.ts";
import type { Product } from "../catalog/product.ts";
import { type Html, renderPage } from "./page.ts";

/** The page with the shelves, the cart and the orders as they come in. */
export function renderShopPage(products: readonly Product[]): Html {
  return renderPage({
    title: "The Kitchen Shop",
    script: "shop",
    content: html`
      <h1>Good things for the kitchen</h1>
      <div class="columns">
        <section aria-labelledby="shelves-title">
          <h2 id="shelves-title">Products</h2>
          <ul id="products" class="rows">
            ${products.map(renderProduct)}
          </ul>
        </section>
        <section aria-labelledby="cart-title">
          <h2 id="cart-title" tabindex="-1">Cart</h2>
          <p id="empty" class="none">There is nothing in the cart.</p>
          <form id="cart" hidden>
            <ul id="lines" class="rows"></ul>
            <p class="sum">Sum before discounts <output id="sum"></output></p>
            <label>Coupon <input name="coupon" autocomplete="off" placeholder="WELCOME10" /></label>
            <button class="main">Order</button>
          </form>
          <p id="notice" role="status"></p>
        </section>
      </div>
      <section aria-labelledby="orders-title">
        <h2 id="orders-title">Live orders</h2>
        <ul id="orders" class="rows"></ul>
        <p class="none">Orders appear here as they are placed.</p>
      </section>
    `,
  });
}

function renderProduct({ id, name, priceCents, stock }: Product): Html {
  return html` <li data-product="${id}" data-price-cents="${priceCents}">
    <strong>${name}</strong> <span>${formatCents(priceCents)}</span> <small><b data-stock>${stock}</b> left</small>
    <button aria-label="Add ${name} to the cart" ${stock === 0 ? "disabled" : ""}>Add</button>
  </li>`;
}
