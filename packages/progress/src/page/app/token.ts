const key = "apex-token";

/**
 * The token that opens the hub: it comes in the address's fragment (`#token=…`), which browsers send to nobody, is taken out of
 * it before anybody can copy it with the address, and is kept as long as the tab, so that a reload needs none.
 */
export function takeToken(): string | undefined {
  const said = new URLSearchParams(location.hash.replace(/^#/, ""));
  const token = said.get("token");
  try {
    if (token === null) return sessionStorage.getItem(key) ?? undefined;
    sessionStorage.setItem(key, token);
  } catch {
    // Storage may be forbidden; then a reload needs the whole address again.
    if (token === null) return undefined;
  }
  said.delete("token");
  const rest = said.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest === "" ? "" : `#${rest}`));
  return token;
}
