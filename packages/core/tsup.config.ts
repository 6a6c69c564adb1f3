import { libraryBuild } from "../../tsup.base.ts";

export default libraryBuild({
  index: "src/index.ts",
  testing: "src/testing/index.ts",
  mask: "src/mask.ts",
  process: "src/process-identity.ts",
});
