import { stripVTControlCharacters } from "node:util";

/** Everything that a document of XML 1.0 cannot hold, not even escaped. */
// eslint-disable-next-line no-control-regex -- these are the characters that must go
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu;

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  // Of no meaning here, but `]]>` must not stand in text.
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  // An attribute would turn them into spaces.
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** Text of unknown origin as the text of an element. */
export function xmlText(text: string): string {
  return clean(text).replace(/[&<>\r]/g, (mark) => escapes[mark] ?? "");
}

/** An element's start with its attributes; those that are undefined are left out. */
export function startTag(name: string, attributes: Readonly<Record<string, string | number | undefined>>): string {
  const parts = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [` ${key}="${clean(String(value)).replace(/[&<>"'\t\n\r]/g, (mark) => escapes[mark] ?? "")}"`],
  );
  return `<${name}${parts.join("")}`;
}

function clean(text: string): string {
  return stripVTControlCharacters(text).replace(forbidden, "\ufffd");
}
