import { displayWidth, truncate } from "./display-width.ts";

/** As many of some cleaned names as `width` cells hold, and how many more there are: `lint, types +34`. The first is cut if it must. */
export function nameList(names: readonly string[], width: number): string {
  let list = "";
  for (const [index, name] of names.entries()) {
    const next = index === 0 ? name : `${list}, ${name}`;
    const left = names.length - index - 1;
    const more = left > 0 ? ` +${left}` : "";
    if (displayWidth(next) + more.length > width) {
      return index === 0 ? truncate(name, width - more.length) + more : `${list} +${left + 1}`;
    }
    list = next;
  }
  return list;
}
