import { readFile } from "node:fs/promises";
import ts from "typescript";

/** Resolves what a file imports to a file; undefined where that is not part of the bundle. */
export type Resolve = (from: string, specifier: string) => Promise<string | undefined>;

/** An import or an index that leaves open which file declares what is imported. */
export class BarrelError extends Error {
  override readonly name = "BarrelError";
  readonly file: string;
  /** Line from 1, column from 0, as esbuild counts. */
  readonly location: { readonly line: number; readonly column: number; readonly lineText: string };

  constructor(message: string, source: ts.SourceFile, node: ts.Node) {
    super(message);
    this.file = source.fileName;
    const start = node.getStart(source);
    const { line, character } = source.getLineAndCharacterOfPosition(start);
    this.location = { line: line + 1, column: character, lineText: source.text.split("\n")[line] ?? "" };
  }
}

/** One name of an import or of an export from another file: what it is there, and what it is called here. */
interface Binding {
  readonly there: string;
  readonly here: string;
}

type FromStatement = (ts.ImportDeclaration | ts.ExportDeclaration) & { readonly moduleSpecifier: ts.StringLiteral };

/**
 * The text of a TypeScript file in which every value that it imports or re-exports from a package of the scope comes from
 * the file that declares it. Lines keep their numbers. Throws `BarrelError` for an import that is not by name.
 */
export async function rewriteImports(options: {
  readonly file: string;
  readonly text: string;
  readonly scope: string;
  readonly resolve: Resolve;
}): Promise<string> {
  const { text, scope, resolve } = options;
  const source = parse(options.file, text);
  const pieces: string[] = [];
  let end = 0;
  for (const statement of source.statements) {
    if (!isFrom(statement) || isTypesOnly(statement)) continue;
    const specifier = statement.moduleSpecifier.text;
    if (!specifier.startsWith(`${scope}/`)) continue;
    const target = await resolve(options.file, specifier);
    if (target === undefined) continue;
    const keyword = ts.isImportDeclaration(statement) ? "import" : "export";
    const direct: string[] = [];
    for (const { there, here } of namesOf(statement, source)) {
      const declared = await followName(target, there, resolve);
      direct.push(`${keyword} { ${declared.name} as ${here} } from ${JSON.stringify(declared.file)};`);
    }
    const lines = statement.getText(source).split("\n").length - 1;
    pieces.push(text.slice(end, statement.getStart(source)), direct.join(" "), "\n".repeat(lines));
    end = statement.end;
  }
  return pieces.join("") + text.slice(end);
}

/** Follows a name through files that only pass it on. Whether the last one has it, is for the bundler to say. */
async function followName(file: string, name: string, resolve: Resolve): Promise<{ file: string; name: string }> {
  const source = parse(file, await readFile(file, "utf8"));
  for (const statement of source.statements) {
    if (!isFrom(statement) || !ts.isExportDeclaration(statement) || isTypesOnly(statement)) continue;
    const passedOn = namesOf(statement, source).find(({ here }) => here === name);
    if (passedOn === undefined) continue;
    const next = await resolve(file, statement.moduleSpecifier.text);
    return next === undefined ? { file, name } : followName(next, passedOn.there, resolve);
  }
  return { file, name };
}

/** The values among the names of a statement; types leave no trace in the bundle. */
function namesOf(statement: FromStatement, source: ts.SourceFile): Binding[] {
  const named = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : statement.exportClause;
  const hasDefault = ts.isImportDeclaration(statement) && statement.importClause?.name !== undefined;
  if (named === undefined || hasDefault || !(ts.isNamedImports(named) || ts.isNamedExports(named))) {
    const what = JSON.stringify(statement.moduleSpecifier.text);
    throw new BarrelError(
      `${what} has to be taken by name here, so that only what is used is loaded`,
      source,
      statement,
    );
  }
  return [...named.elements]
    .filter((element) => !element.isTypeOnly)
    .map(({ propertyName, name }) => ({ there: (propertyName ?? name).text, here: name.text }));
}

function isFrom(statement: ts.Statement): statement is FromStatement {
  return (
    (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) && statement.moduleSpecifier !== undefined
  );
}

function isTypesOnly(statement: FromStatement): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  return statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
}
