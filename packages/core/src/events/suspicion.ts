/** One sign that a green result proves less than it seems. */
export interface Suspicion {
  readonly signal:
    | "no-duration"
    | "too-fast"
    | "forbidden-output"
    | "cached"
    | "collected-not-reported"
    | "fewer-tests"
    | "uncounted";
  /** For people, with the numbers. */
  readonly message: string;
  /** Whether it made the node inconclusive; otherwise it is only told. */
  readonly isDecisive: boolean;
}
