import { createPostgresSchema, postgresUrl } from "../rig/test-database.ts";
import { describeDatabase } from "./database-contract.ts";
import { describeOrdering } from "./ordering-contract.ts";

const options = {
  createTestDatabase: () => createPostgresSchema(postgresUrl!),
  dialect: "postgresql",
  skip: !postgresUrl && "DATABASE_URL names no PostgreSQL",
};

describeDatabase("PostgreSQL", options);
describeOrdering("PostgreSQL", options);
