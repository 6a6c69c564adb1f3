import { createSqliteFile } from "../rig/test-database.ts";
import { describeDatabase } from "./database-contract.ts";
import { describeOrdering } from "./ordering-contract.ts";

const options = { createTestDatabase: createSqliteFile, dialect: "sqlite" };

describeDatabase("SQLite", options);
describeOrdering("SQLite", options);
