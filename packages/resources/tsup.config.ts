import { libraryBuild } from "../../tsup.base.ts";

export default libraryBuild({ index: "src/index.ts" }, { "service-keeper-main": "src/command/service-keeper-main.ts" });
