import { libraryBuild } from "../../tsup.base.ts";

export default libraryBuild({ index: "src/index.ts", sql: "src/sql/index.ts" });
