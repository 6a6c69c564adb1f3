import { ApexError } from "../apex-error.ts";

/** What is wrong with a graph; each problem is listed once. */
export interface DagProblems {
  /** Ids of more than one entry. */
  readonly duplicates: readonly string[];
  readonly unknown: readonly { readonly id: string; readonly needs: string }[];
  /** The shortest cycle as a path that ends where it starts: each id is needed by the one after it. */
  readonly cycle: readonly string[] | undefined;
}

/** The entries do not make a directed acyclic graph. */
export class DagError extends ApexError {
  readonly code = "APEX_DAG_INVALID";
  readonly problems: DagProblems;

  constructor(problems: DagProblems) {
    super(
      [
        ...problems.duplicates.map((id) => `${id} is there more than once`),
        ...problems.unknown.map(({ id, needs }) => `${id} needs ${needs}, which does not exist`),
        ...(problems.cycle ? [`circular: ${problems.cycle.join(" → ")}`] : []),
      ].join("; "),
    );
    this.problems = problems;
  }
}
