import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit, type YAMLError } from "yaml";
import { describeThrown } from "../apex-error.ts";
import { ConfigError, type ConfigPath, type SourceLocation } from "./problem.ts";

/** A config that a person wrote is a few kilobytes; whatever is larger than this is something else. */
const maxConfigBytes = 512 * 1024;

/** A config file's data together with where each part of it stands. */
export interface ConfigSource {
  /** Path as shown to people: relative to the current directory where that is shorter. */
  readonly file: string;
  readonly data: unknown;
  /** Where the value at `path` stands, or the key that leads to it; the nearest part that exists if it is absent. */
  locate(path: ConfigPath, part?: "key" | "value"): SourceLocation | undefined;
}

/**
 * Reads a YAML (or JSON, which is YAML) file.
 * Throws `ConfigError` with all syntax errors, each with its position.
 */
export function readYamlSource(filePath: string): ConfigSource {
  const file = displayPath(filePath);
  const text = readText(filePath, file);
  const lines = new LineCounter();
  const locateOffset = (start: number, end: number): SourceLocation => locationAt(file, text, lines, start, end);

  const document = guard(file, () => parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false }));
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.slice(0, 20).map((error) => ({
        message: syntaxMessage(error, text),
        path: [],
        location: locateOffset(error.pos[0], error.pos[1]),
      })),
    );
  }
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) {
    throw new ConfigError([
      {
        message: "the file is empty",
        path: [],
        file,
        hint: "delete it to use the built-in layers, or add `categories:`",
      },
    ]);
  }
  refuseReservedKeys(root, text, locateOffset);
  const data = guard(file, () => {
    try {
      return document.toJS({ maxAliasCount: 100 }) as unknown;
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      const alias = firstAlias(root);
      throw new ConfigError([
        {
          message: error.message.includes("Excessive alias count")
            ? "aliases expand to far more than a config can need"
            : `an alias names no anchor: ${error.message}`,
          path: [],
          ...(alias?.range ? { location: locateOffset(alias.range[0], alias.range[1]) } : { file }),
        },
      ]);
    }
  });

  return {
    file,
    data,
    locate(wanted, part = "value") {
      const range = findRange(root, wanted, part);
      return range && locateOffset(range[0], range[1]);
    },
  };
}

/** Objects do not keep a key of this name like others: what stands under it would be lost without a word. */
const reservedKey = "__proto__";

function refuseReservedKeys(root: Node, text: string, locate: (start: number, end: number) => SourceLocation): void {
  if (!text.includes(reservedKey)) return;
  visit(root, {
    Pair(_, { key }) {
      if (!isScalar(key) || key.value !== reservedKey || !key.range) return;
      const location = locate(key.range[0], key.range[1]);
      throw new ConfigError([{ message: `the name ${reservedKey} cannot be used`, path: [], location }]);
    },
  });
}

/** The path as people would type it. */
export function displayPath(filePath: string): string {
  const relative = path.relative(process.cwd(), filePath);
  return relative === "" || relative.startsWith(`..${path.sep}..`) ? filePath : relative;
}

function readText(filePath: string, file: string): string {
  const refuse = (message: string, hint?: string): ConfigError =>
    new ConfigError([{ message, path: [], file, ...(hint ? { hint } : {}) }]);
  let bytes: Buffer;
  try {
    const { size } = statSync(filePath);
    if (size > maxConfigBytes) {
      throw refuse(
        `the file has ${Math.ceil(size / 1024)} KiB, more than the ${maxConfigBytes / 1024} KiB that a config may have`,
        "is this the right file?",
      );
    }
    bytes = readFileSync(filePath);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw refuse(`the config cannot be read (${describeThrown(error)})`);
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Falls through to the same answer: the bytes are not UTF-8.
  }
  throw refuse("the file is not text in UTF-8");
}

/** Turns the parser's own limits (stack depth) into a config error. */
function guard<Result>(file: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError)
      throw new ConfigError([{ message: "the file is nested too deeply", path: [], file }]);
    throw error;
  }
}

function syntaxMessage(error: YAMLError, text: string): string {
  if (error.code === "DUPLICATE_KEY") {
    const key = /^[^\s:]+/.exec(text.slice(error.pos[0]))?.[0] ?? "";
    return `the key ${key} is there twice`;
  }
  return `not valid YAML: ${error.message.replace(/ at line \d+, column \d+[\s\S]*$/, "")}`;
}

function locationAt(file: string, text: string, lines: LineCounter, start: number, end: number): SourceLocation {
  const { line, col } = lines.linePos(start);
  const lineStart = lines.lineStarts[line - 1] ?? 0;
  const newline = text.indexOf("\n", lineStart);
  const lineText = text.slice(lineStart, newline === -1 ? undefined : newline).replace(/\r$/, "");
  const length = Math.max(1, Math.min(end, lineStart + lineText.length) - start);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1), lineText, length };
}

type Range = readonly [number, number, number];

function findRange(root: Node, wanted: ConfigPath, part: "key" | "value"): Range | undefined {
  let node: Node | null = root;
  let found = root.range ?? undefined;
  for (const [index, step] of wanted.entries()) {
    const isLast = index === wanted.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) break;
      const key = pair.key as Node;
      node = pair.value as Node | null;
      found = (isLast && part === "key") || !node?.range || !isScalar(node) ? (key.range ?? found) : node.range;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (!item) break;
      node = item;
      found = item.range ?? found;
    } else {
      break;
    }
  }
  return found ?? undefined;
}

function firstAlias(root: Node): Node | undefined {
  let found: Node | undefined;
  visit(root, {
    Alias(_, node) {
      found = node;
      return visit.BREAK;
    },
  });
  return found && isAlias(found) ? found : undefined;
}
