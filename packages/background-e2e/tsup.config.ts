import { libraryBuild } from "../../tsup.base.ts";

export default libraryBuild(
  { index: "src/index.ts", testing: "src/testing/index.ts" },
  { "daemon-main": "src/daemon/daemon-main.ts", "attempt-main": "src/attempt/attempt-main.ts" },
);
