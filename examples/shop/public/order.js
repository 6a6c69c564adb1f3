// The page of an order: says how it goes on, whoever moves it.

import { ask } from "./api.js";
import { followFeed } from "./feed.js";

const actionsByStatus = { placed: ["pay", "cancel"], paid: ["ship", "cancel"], shipped: [], cancelled: [] };
const labels = { pay: "Pay", ship: "Ship", cancel: "Cancel the order" };

const actions = document.querySelector("#actions");
const notice = document.querySelector("#notice");
const status = document.querySelector("#status");

let shownChange = "";

function showStatus(order) {
  // An answer that was overtaken by a later one is stale.
  if (order.changedAt < shownChange) return;
  shownChange = order.changedAt;
  const hadFocus = actions.contains(document.activeElement);
  status.textContent = order.status;
  actions.replaceChildren(...actionsByStatus[order.status].map((action) => actionButton(order.id, action)));
  // The button that had the focus is gone.
  if (hadFocus) (actions.firstElementChild ?? document.querySelector("main")).focus();
}

function actionButton(orderId, action) {
  const button = document.createElement("button");
  button.textContent = labels[action];
  button.addEventListener("click", () => {
    ask(`/api/orders/${orderId}/${action}`, {}).then(
      (order) => {
        showStatus(order);
        notice.textContent = "";
      },
      ({ message }) => {
        notice.textContent = message;
      },
    );
  });
  return button;
}

// There is none on the page that says so.
if (actions) {
  const { order: id } = actions.dataset;
  showStatus({ id, status: status.textContent, changedAt: "" });
  followFeed({
    // What cannot be fetched now comes with the next change.
    onLive: () => void ask(`/api/orders/${id}`).then(showStatus, () => {}),
    onOrder: (order) => {
      if (order.id === id) showStatus(order);
    },
  });
}
