/** A step of the tooling that did not work; the message is for people, the output is what the step's program said. */
export class StepError extends Error {
  name = "StepError";

  /**
   * @param {string} message one line
   * @param {{ output?: string, exitCode?: number }} details
   */
  constructor(message, { output = "", exitCode = 1 } = {}) {
    super(message);
    this.output = output;
    this.exitCode = exitCode;
  }
}
