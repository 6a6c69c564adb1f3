import { isAbsolute, join, relative } from "node:path";
import type { FinishedNode, KeptTest } from "../node-view.ts";
import type { RunView } from "../run-view.ts";
import { categoryTaskOf } from "./category.ts";
import { cleanLine } from "./clean-text.ts";

/** Directories that a test's location is told by. */
export interface TestPlace {
  readonly projectRoot: string;
  /** Where the category ran; its test files are relative to it. */
  readonly cwd: string;
}

/** A test, as far as it is named. */
type NamedTest = Omit<KeptTest, "message">;

/** Where a node's test files are; undefined when nobody said. */
export function testPlace({ plan, planNodes }: RunView, node: FinishedNode): TestPlace | undefined {
  const cwd = node.evidence?.cwd ?? categoryTaskOf(planNodes.get(node.id))?.cwd;
  return plan && cwd !== undefined ? { projectRoot: plan.projectRoot, cwd } : undefined;
}

/** The suites and the name: `Cart > adds an item`. */
export function testTitle({ suites, name }: NamedTest): string {
  return [...suites, name].map((part) => cleanLine(part)).join(" > ");
}

/** File and line as seen from the project's root, so that an editor can open it; undefined when no file is known. */
export function testLocation({ file, line }: NamedTest, place: TestPlace | undefined): string | undefined {
  if (!file) return undefined;
  const path = place ? fromRoot(file, place) : file;
  return cleanLine(line === undefined ? path : `${path}:${line}`);
}

function fromRoot(file: string, { projectRoot, cwd }: TestPlace): string {
  const path = relative(projectRoot, isAbsolute(file) ? file : join(cwd, file));
  return path.startsWith("..") ? file : path;
}

/** A "test" that is its whole file: the file failed outside its tests, and only the output says how. */
export function isFileItself({ name, suites, file }: Pick<KeptTest, "name" | "suites" | "file">): boolean {
  return suites.length === 0 && name === file;
}
