import { libraryBuild } from "../../tsup.base.ts";

export default libraryBuild({ index: "src/index.ts" }, { "guard-main": "src/guard/guard-main.ts" });
