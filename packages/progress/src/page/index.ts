/** The live page: what shows a run in a browser while it goes on, served beside a hub. */
export { createPageHandler, type PageHandler, type PageHandlerOptions } from "./create-page-handler.ts";
export { PageMissingError } from "./page-missing-error.ts";
