import { testCliGuide } from "./cli-guide.mjs";
import { installed } from "./guide.mjs";

testCliGuide("reporters.md", async () => {}, {
  "@netra-apex/core": installed["@netra-apex/core"],
  "@netra-apex/progress": "packages/progress",
});
