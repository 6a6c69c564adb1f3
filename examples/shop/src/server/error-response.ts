import { ShopError, type ShopErrorCode } from "../shop-error.ts";

/** The body of every answer that is not a success. */
export interface ErrorBody {
  readonly error: { readonly code: ShopErrorCode | "internal-error"; readonly message: string };
}

export class NotFoundError extends ShopError {
  readonly code = "not-found";
}

const STATUS_BY_CODE = {
  "invalid-request": 400,
  "not-found": 404,
  "unknown-product": 404,
  "unknown-order": 404,
  "out-of-stock": 409,
  "illegal-transition": 409,
  "coupon-refused": 422,
} as const satisfies Record<ShopErrorCode, number>;

/** What a caller may know of an error: all of a refusal, nothing of a bug. */
export function describeError(error: unknown): { status: 400 | 404 | 409 | 422 | 500; body: ErrorBody } {
  if (error instanceof ShopError) {
    return { status: STATUS_BY_CODE[error.code], body: { error: { code: error.code, message: error.message } } };
  }
  return { status: 500, body: { error: { code: "internal-error", message: "something went wrong in the shop" } } };
}
