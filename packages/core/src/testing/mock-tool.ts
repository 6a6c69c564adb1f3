import * as z from "zod/mini";
import type { Schema } from "../agents/schema.ts";
import type { Tool } from "../agents/tool.ts";

/** A tool that answers what the test says, and remembers what it was asked. */
export interface MockTool<Input = unknown, Output = unknown> extends Tool<Input, Output> {
  /** Inputs in the order of the calls. */
  readonly calls: Input[];
}

/** How a mock tool answers. */
export interface MockToolOptions<Input, Output> {
  readonly name: string;
  /** Answers each call; an `Error` that it returns is thrown. */
  readonly answer: (input: Input, call: number) => Output | Error | Promise<Output | Error>;
  /** Takes any input when absent. */
  readonly input?: Tool<Input, Output>["input"];
  readonly output?: Tool<Input, Output>["output"];
  readonly timeoutMs?: number;
}

/**
 * Makes a mock tool. It declares the evidence `mocked`, so a node that asks for more (`minimumEvidence`) cannot pass with
 * it by accident.
 */
export function mockTool<Input = unknown, Output = unknown>(
  options: MockToolOptions<Input, Output>,
): MockTool<Input, Output> {
  const { name, answer, input = z.unknown() as unknown as Schema<Input>, output, timeoutMs } = options;
  const calls: Input[] = [];
  return {
    name,
    description: `answers what the test says in place of ${name}`,
    evidence: "mocked",
    input,
    ...(output === undefined ? {} : { output }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    calls,
    async run(value) {
      calls.push(value);
      const answered = await answer(value, calls.length);
      if (answered instanceof Error) throw answered;
      return answered;
    },
  };
}
