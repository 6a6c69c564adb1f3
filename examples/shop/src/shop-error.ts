/** The contract with callers: a code never changes its meaning, a message may be reworded. */
export type ShopErrorCode =
  | "invalid-request"
  | "not-found"
  | "unknown-product"
  | "unknown-order"
  | "out-of-stock"
  | "coupon-refused"
  | "illegal-transition";

/** What the shop refuses its caller, and why. Anything else that is thrown is a bug of the shop. */
export abstract class ShopError extends Error {
  abstract readonly code: ShopErrorCode;
}
