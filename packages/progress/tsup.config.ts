import { libraryBuild } from "../../tsup.base.ts";

export default libraryBuild(
  { index: "src/index.ts", report: "src/report/index.ts", log: "src/log-reporter.ts" },
  {},
  { client: "src/client/index.ts" },
);
