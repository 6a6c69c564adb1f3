import { findBrowser } from "./find-browser.ts";

/** A plugin of apex, named in apex.yaml: what `when: { check: … }` asks. A text is the reason why a category does not run. */
export const plugin = {
  conditions: {
    there_is_a_browser: () => findBrowser().missing ?? true,
  },
};
