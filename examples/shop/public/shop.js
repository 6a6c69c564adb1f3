// The shop in the browser: orders through the API, follows all orders through the feed.

const coupon = document.querySelector("#coupon");
const notice = document.querySelector("#notice");
const products = document.querySelector("#products");
const orders = document.querySelector("#orders");

const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
const actionsByStatus = { placed: ["pay", "cancel"], paid: ["ship", "cancel"], shipped: [], cancelled: [] };

/** Tells in the notice what came of it. */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    notice.textContent = response.ok
      ? `Order ${answer.id.slice(0, 8)} is ${answer.status}: ${euros.format(answer.totalCents / 100)}`
      : answer.error.message;
  } catch {
    notice.textContent = "The shop cannot be reached";
  }
}

function showOrder({ id, status, totalCents }) {
  const item = document.createElement("li");
  item.id = `order-${id}`;
  const title = document.createElement("strong");
  // textContent, never innerHTML: what comes from outside stays text.
  title.textContent = `${id.slice(0, 8)} · ${euros.format(totalCents / 100)} · ${status}`;
  const buttons = actionsByStatus[status].map((action) => {
    const button = document.createElement("button");
    button.textContent = action;
    button.addEventListener("click", () => void post(`/api/orders/${id}/${action}`));
    return button;
  });
  item.append(title, ...buttons);
  document.getElementById(item.id)?.remove();
  orders.prepend(item);
}

async function showStock() {
  for (const { id, stock } of await (await fetch("/api/products")).json()) {
    const form = products.querySelector(`form[data-product="${CSS.escape(id)}"]`);
    if (form) form.querySelector("[data-stock]").textContent = stock;
  }
}

function followFeed() {
  const feed = new WebSocket(`${location.origin.replace(/^http/, "ws")}/feed`);
  feed.addEventListener("message", ({ data }) => {
    showOrder(JSON.parse(data).order);
    void showStock();
  });
  feed.addEventListener("close", () => setTimeout(followFeed, 1000));
}

products.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const quantity = Number(new FormData(form).get("quantity"));
  void post("/api/orders", { lines: [{ productId: form.dataset.product, quantity }], coupon: coupon.value });
});

followFeed();
