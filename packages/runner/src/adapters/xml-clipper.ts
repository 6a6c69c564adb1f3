/** More of a text is never kept of a failure, and some of it may be control sequences. */
const longestRun = 80_000;

type Place = "text" | "markup" | "attribute" | "cdata" | "comment";

/**
 * Cuts texts, CDATA sections, comments and attributes of an XML stream after a bound, so that a parser that collects each of
 * them as a whole takes little memory: reports hold all that a test printed. Knows just enough of XML to find their ends.
 */
export class XmlClipper {
  #place: Place = "text";
  #quote = "";
  #run = 0;
  /** What may be the beginning of a delimiter that goes on in the next piece. */
  #held = "";

  clip(piece: string): string {
    // Joined, because searching in a sum of strings copies it each time.
    const source = [this.#held, piece].join("");
    this.#held = "";
    let out = "";
    let at = 0;
    while (at < source.length) {
      const end = this.#findEnd(source, at);
      if (end === undefined) {
        // Long enough for any delimiter's beginning.
        const safe = Math.max(at, source.length - 8);
        out += this.#take(source.slice(at, safe));
        this.#held = source.slice(safe);
        return out;
      }
      out += this.#take(source.slice(at, end.index)) + end.delimiter;
      at = end.index + end.delimiter.length;
      this.#place = end.place;
      this.#run = 0;
    }
    return out;
  }

  /** What was held back; the stream has ended. */
  end(): string {
    return this.#take(this.#held);
  }

  #take(text: string): string {
    if (this.#place === "markup") return text;
    const rest = Math.max(0, longestRun - this.#run);
    this.#run += text.length;
    return text.length <= rest ? text : text.slice(0, rest);
  }

  /** Where the place ends, by what, and which one follows. */
  #findEnd(source: string, from: number): { index: number; delimiter: string; place: Place } | undefined {
    const found = (delimiter: string, place: Place) => {
      const index = source.indexOf(delimiter, from);
      return index === -1 ? undefined : { index, delimiter, place };
    };
    switch (this.#place) {
      case "cdata":
        return found("]]>", "text");
      case "comment":
        return found("-->", "text");
      case "attribute":
        return found(this.#quote, "markup");
      case "text":
        return findMarkup(source, from);
      case "markup": {
        const index = source.slice(from, from + 4_096).search(/[>"']/);
        // Tags are short; of a longer one the pieces pass as they are.
        if (index === -1)
          return source.length - from > 4_096 ? { index: from + 4_096, delimiter: "", place: "markup" } : undefined;
        const delimiter = source[from + index] ?? "";
        this.#quote = delimiter;
        return { index: from + index, delimiter, place: delimiter === ">" ? "text" : "attribute" };
      }
      default:
        return this.#place satisfies never;
    }
  }
}

function findMarkup(source: string, from: number): { index: number; delimiter: string; place: Place } | undefined {
  const index = source.indexOf("<", from);
  if (index === -1) return undefined;
  if (source.startsWith("<![CDATA[", index)) return { index, delimiter: "<![CDATA[", place: "cdata" };
  if (source.startsWith("<!--", index)) return { index, delimiter: "<!--", place: "comment" };
  // Either of them may go on in the next piece.
  const tail = source.slice(index);
  if (tail.length < 9 && ("<![CDATA[".startsWith(tail) || "<!--".startsWith(tail))) return undefined;
  return { index, delimiter: "<", place: "markup" };
}
