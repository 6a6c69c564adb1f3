import { libraryBuild } from "../../tsup.base.ts";

export default libraryBuild(
  {
    index: "src/index.ts",
    report: "src/report/index.ts",
    log: "src/log-reporter.ts",
    websocket: "src/websocket/index.ts",
  },
  {},
  { client: "src/client/index.ts" },
);
