// What the customer wants to buy; it stays in this browser until it is ordered.

const KEY = "cart";

/** Pieces by product id. What cannot be read, because somebody meddled with it, counts as empty. */
export function readCart() {
  try {
    return new Map(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch {
    return new Map();
  }
}

/** No pieces at all take the product out. */
export function setQuantity(productId, quantity) {
  const cart = readCart();
  if (quantity > 0) cart.set(productId, quantity);
  else cart.delete(productId);
  localStorage.setItem(KEY, JSON.stringify([...cart]));
}

export function emptyCart() {
  localStorage.removeItem(KEY);
}
