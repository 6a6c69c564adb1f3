import type { Options } from "tsup";
import { libraryBuild } from "../../tsup.base.ts";
import { buildPage } from "./build/build-page.ts";

const [library, ...others] = libraryBuild(
  {
    index: "src/index.ts",
    report: "src/report/index.ts",
    log: "src/log-reporter.ts",
    github: "src/github/index.ts",
    opentelemetry: "src/opentelemetry/index.ts",
    websocket: "src/websocket/index.ts",
    page: "src/page/index.ts",
  },
  {},
  { client: "src/client/index.ts", view: "src/view.ts" },
) as Options[];

// After the build that clears away what is old.
export default [{ ...library, onSuccess: () => buildPage("dist/page") }, ...others];
