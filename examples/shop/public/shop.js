// The page of the shop: from the shelves into the cart, from the cart to an order, and everybody's orders as they come.

import { ask } from "./api.js";
import { emptyCart, readCart, setQuantity } from "./cart.js";
import { followFeed } from "./feed.js";
import { formatCents } from "./money.js";

const MAX_QUANTITY = 100;

const cartForm = document.querySelector("#cart");
const cartTitle = document.querySelector("#cart-title");
const lines = document.querySelector("#lines");
const notice = document.querySelector("#notice");
const orderButton = cartForm.querySelector(".main");
const orders = document.querySelector("#orders");
const products = document.querySelector("#products");

function tell(message) {
  notice.textContent = message;
}

function findShelf(productId) {
  return products.querySelector(`[data-product="${CSS.escape(productId)}"]`);
}

function describeShelf(shelf) {
  return {
    name: shelf.querySelector("strong").textContent,
    priceCents: Number(shelf.dataset.priceCents),
    stock: Number(shelf.querySelector("[data-stock]").textContent),
  };
}

/** The shop may have given up a product that is still in somebody's cart. */
function cartOnShelves() {
  return [...readCart()].filter(([productId]) => findShelf(productId));
}

// Lines that stay are changed, not made anew: whoever is typing in one must not lose the focus.
function showCart() {
  const cart = cartOnShelves();
  const wanted = new Set(cart.map(([productId]) => productId));
  for (const line of lines.querySelectorAll("[data-line]")) if (!wanted.has(line.dataset.line)) line.remove();
  let sumCents = 0;
  for (const [productId, quantity] of cart) {
    const { name, priceCents, stock } = describeShelf(findShelf(productId));
    const line =
      lines.querySelector(`[data-line="${CSS.escape(productId)}"]`) ?? addLine({ productId, name, quantity });
    const field = line.querySelector("input");
    // A number that cannot be ordered stays and stops the order: to order another one instead would be worse.
    if (field !== document.activeElement && field.checkValidity()) field.value = quantity;
    line.querySelector("[data-price]").textContent = formatCents(priceCents * quantity);
    line.querySelector("[data-short]").textContent = stock < quantity ? `only ${stock} left` : "";
    sumCents += priceCents * quantity;
  }
  document.querySelector("#sum").textContent = formatCents(sumCents);
  document.querySelector("#empty").hidden = cart.length > 0;
  cartForm.hidden = cart.length === 0;
}

function addLine({ productId, name, quantity }) {
  const line = document.createElement("li");
  line.dataset.line = productId;
  const title = document.createElement("strong");
  // textContent, never innerHTML: what comes from outside stays text.
  title.textContent = name;
  const short = document.createElement("small");
  short.dataset.short = "";
  const price = document.createElement("span");
  price.dataset.price = "";
  line.append(title, short, quantityField({ productId, name, quantity }), price, removeButton(productId, name));
  lines.append(line);
  return line;
}

function quantityField({ productId, name, quantity }) {
  const field = document.createElement("input");
  Object.assign(field, { type: "number", min: "1", max: String(MAX_QUANTITY), required: true, value: quantity });
  field.setAttribute("aria-label", `Pieces of ${name}`);
  field.addEventListener("input", () => {
    if (!field.checkValidity()) return;
    setQuantity(productId, Number(field.value));
    showCart();
  });
  return field;
}

function removeButton(productId, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Remove";
  button.setAttribute("aria-label", `Remove ${name}`);
  button.addEventListener("click", () => {
    setQuantity(productId, 0);
    showCart();
    // The button that had the focus is gone.
    cartTitle.focus();
    tell(`${name} is out of the cart`);
  });
  return button;
}

async function order() {
  const wish = cartOnShelves().map(([productId, quantity]) => ({ productId, quantity }));
  const { id } = await ask("/api/orders", { lines: wish, coupon: new FormData(cartForm).get("coupon") });
  emptyCart();
  location.assign(`/orders/${id}`);
}

let asked = 0;
let shown = 0;

async function showStock() {
  const turn = ++asked;
  const answer = await ask("/api/products");
  // An answer that was overtaken by a later one is stale.
  if (turn < shown) return;
  shown = turn;
  for (const { id, stock } of answer) {
    const shelf = findShelf(id);
    if (!shelf) continue;
    shelf.querySelector("[data-stock]").textContent = String(stock);
    shelf.querySelector("button").disabled = stock === 0;
  }
  showCart();
}

function showOrder({ id, status, totalCents }) {
  const item = document.createElement("li");
  item.id = `order-${id}`;
  const link = document.createElement("a");
  link.href = `/orders/${id}`;
  link.textContent = `Order ${id.slice(0, 8)}`;
  const facts = document.createElement("span");
  facts.textContent = `${formatCents(totalCents)} · ${status}`;
  item.append(link, facts);
  document.getElementById(item.id)?.remove();
  orders.prepend(item);
}

products.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const { product } = button.closest("[data-product]").dataset;
  setQuantity(product, Math.min((readCart().get(product) ?? 0) + 1, MAX_QUANTITY));
  showCart();
  tell(`${describeShelf(findShelf(product)).name} is in the cart`);
});

cartForm.addEventListener("submit", (event) => {
  event.preventDefault();
  // Whoever clicks twice wants one order.
  orderButton.disabled = true;
  void order()
    .catch(({ message }) => tell(message))
    .finally(() => {
      orderButton.disabled = false;
    });
});

// The cart is the same in every window of this browser, and on the way back from another page.
addEventListener("storage", showCart);
addEventListener("pageshow", showCart);

showCart();
followFeed({
  // What cannot be fetched now comes with the next change.
  onLive: () => void showStock().catch(() => {}),
  onOrder: (placed) => {
    showOrder(placed);
    showStock().catch(() => {});
  },
});
