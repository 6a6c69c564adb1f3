import { isProductId, type ProductId } from "../catalog/product.ts";
import { ShopError } from "../shop-error.ts";

/** An order as a customer asks for it: at least one line, each product once, whole quantities. */
export interface OrderRequest {
  readonly lines: readonly { readonly productId: ProductId; readonly quantity: number }[];
  readonly coupon: string | null;
}

/** Carries everything that is wrong with a request, not only the first thing. */
export class InvalidRequestError extends ShopError {
  readonly code = "invalid-request";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}

const MAX_LINES = 50;
const MAX_QUANTITY = 100;
const FIELDS = ["lines", "coupon"];

/**
 * Turns the parsed body of a request into an order request.
 * @throws InvalidRequestError with all problems of the body
 */
export function parseOrderRequest(body: unknown): OrderRequest {
  if (!isRecord(body)) throw new InvalidRequestError(["the body must be a JSON object"]);
  const { lines } = body;
  const coupon = body.coupon ?? "";
  const problems = [...findUnknownFields(body), ...findLineProblems(lines)];
  if (typeof coupon !== "string") problems.push("coupon must be a string");
  if (problems.length > 0) throw new InvalidRequestError(problems);
  return { lines: lines as OrderRequest["lines"], coupon: (coupon as string).trim() || null };
}

/** A misspelt `coupon` must not silently cost the customer a discount. */
function findUnknownFields(body: Record<string, unknown>): string[] {
  return Object.keys(body)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => `unknown field "${field}"`);
}

function findLineProblems(lines: unknown): string[] {
  if (!Array.isArray(lines) || lines.length === 0) return ["lines must be a list with at least one line"];
  if (lines.length > MAX_LINES) return [`an order has at most ${MAX_LINES} lines`];
  const seen = new Set<unknown>();
  return lines.flatMap((line: unknown, index) => {
    if (!isRecord(line)) return [`lines[${index}] must be an object`];
    const { productId, quantity } = line;
    const problems: string[] = [];
    if (!isProductId(productId)) problems.push(`lines[${index}].productId must be the id of a product`);
    else if (seen.has(productId)) problems.push(`lines[${index}] repeats the product "${productId}"`);
    if (!isQuantity(quantity))
      problems.push(`lines[${index}].quantity must be a whole number from 1 to ${MAX_QUANTITY}`);
    seen.add(productId);
    return problems;
  });
}

function isQuantity(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_QUANTITY;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
