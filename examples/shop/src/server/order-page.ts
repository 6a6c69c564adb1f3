import { html } from "hono/html";
import { formatCents } from "../catalog/money.ts";
import type { Order } from "../orders/order.ts";
import type { PricedLine } from "../orders/price-cart.ts";
import { type Html, renderPage } from "./page.ts";

/** The page of one order: what was bought, what it costs and where it is. */
export function renderOrderPage(order: Order): Html {
  const name = `Order ${order.id.slice(0, 8)}`;
  return renderPage({
    title: `${name} · The Kitchen Shop`,
    script: "order",
    content: html`
      <h1>${name}</h1>
      <p>This order is <strong id="status" role="status">${order.status}</strong>.</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Pieces</th>
            <th scope="col">Discount</th>
            <th scope="col">Price</th>
          </tr>
        </thead>
        <tbody>
          ${order.lines.map(renderLine)}
        </tbody>
        <tfoot>
          ${order.coupon === null ? "" : renderSum(`Coupon ${order.coupon}`, -order.couponDiscountCents)}
          ${renderSum("Total", order.totalCents)}
        </tfoot>
      </table>
      <p id="actions" data-order="${order.id}"></p>
      <p id="notice" role="status"></p>
      <p><a href="/">Back to the shop</a></p>
    `,
  });
}

/** The page at the address of an order that nobody placed. */
export function renderMissingOrderPage(): Html {
  return renderPage({
    title: "No such order · The Kitchen Shop",
    script: "order",
    content: html`
      <h1>There is no such order</h1>
      <p><a href="/">Back to the shop</a></p>
    `,
  });
}

function renderLine({ name, quantity, discountCents, totalCents }: PricedLine): Html {
  return html` <tr>
    <th scope="row">${name}</th>
    <td>${quantity}</td>
    <td>${discountCents === 0 ? "" : formatCents(-discountCents)}</td>
    <td>${formatCents(totalCents)}</td>
  </tr>`;
}

function renderSum(label: string, cents: number): Html {
  return html` <tr>
    <th scope="row" colspan="3">${label}</th>
    <td>${formatCents(cents)}</td>
  </tr>`;
}
