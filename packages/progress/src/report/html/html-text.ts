import { stripVTControlCharacters } from "node:util";

/** HTML that is safe to put into a page as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What can stand in a template: text is escaped, HTML and lists of it are not. */
export type HtmlPart = string | number | undefined | false | Html | readonly Html[];

/**
 * Text with HTML around it: `` html`<b>${anything}</b>` `` escapes whatever is no HTML itself. How the template is indented
 * does not reach the page.
 */
export function html(template: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const strings = withoutIndent(template);
  let text = strings[0] ?? "";
  for (const [index, part] of parts.entries()) text += fill(part) + (strings[index + 1] ?? "");
  return new Html(text);
}

/** Templates without their indentation: there are few, and each is filled thousands of times. */
const templates = new WeakMap<TemplateStringsArray, readonly string[]>();

function withoutIndent(template: TemplateStringsArray): readonly string[] {
  const known = templates.get(template);
  if (known) return known;
  const strings = template.map((text) => text.replace(/\s*\n\s*/g, "\n"));
  templates.set(template, strings);
  return strings;
}

function fill(part: HtmlPart): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(({ text }) => text).join("");
  return escapeHtml(String(part));
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters other than tab and line feed, and the marks that reorder the text around them. */
const unsafe = /(?![\t\n])\p{Cc}|\p{Bidi_Control}|\p{Surrogate}/gu;

/** Text of unknown origin for an element or a quoted attribute. */
function escapeHtml(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\r\n", "\n")
    .replace(unsafe, "")
    .replace(/[&<>"']/g, (mark) => escapes[mark] ?? "");
}
