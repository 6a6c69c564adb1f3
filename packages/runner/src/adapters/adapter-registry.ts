import type { Command } from "@netra-apex/core";
import { UnknownFrameworkError } from "./adapter-errors.ts";
import { commandAdapter } from "./command.ts";
import { cypressAdapter } from "./cypress.ts";
import { jestAdapter } from "./jest.ts";
import { mochaAdapter } from "./mocha.ts";
import { nodeTestAdapter } from "./node-test.ts";
import { playwrightAdapter } from "./playwright.ts";
import { goTestAdapter } from "./go-test.ts";
import { junitFileAdapter } from "./junit-file.ts";
import { nextestAdapter } from "./nextest.ts";
import { pytestAdapter } from "./pytest.ts";
import { tapAdapter } from "./tap-file.ts";
import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";
import { vitestAdapter } from "./vitest.ts";

/** In the order in which they are asked whether a command is theirs; `command` takes whatever is left. */
const adapters: readonly TestFrameworkAdapter[] = [
  vitestAdapter,
  jestAdapter,
  mochaAdapter,
  playwrightAdapter,
  cypressAdapter,
  nodeTestAdapter,
  pytestAdapter,
  goTestAdapter,
  nextestAdapter,
  junitFileAdapter,
  tapAdapter,
  commandAdapter,
];

/** What `framework:` may say. */
export const frameworkNames: readonly string[] = adapters.map(({ name }) => name);

/** The adapter that `framework` names, else the one that recognises the command. Throws `UnknownFrameworkError`. */
export function chooseAdapter(framework: string | undefined, command: Command): TestFrameworkAdapter {
  if (framework === undefined) return adapters.find((adapter) => adapter.matches(command)) ?? commandAdapter;
  const named = adapters.find(({ name }) => name === framework);
  if (!named) throw new UnknownFrameworkError(framework, frameworkNames);
  return named;
}
