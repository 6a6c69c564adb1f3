import { ApexError } from "@netra-apex/core";

/** The file that takes a command's output could not be opened. */
export class LogFileError extends ApexError {
  readonly code = "APEX_LOG_FILE";
  readonly logFile: string;

  /** `why` is what the operating system said. */
  constructor(logFile: string, why: string) {
    super(`the log file ${logFile} cannot be written: ${why}`, {
      hint: "check the permissions and the free space of its directory",
    });
    this.logFile = logFile;
  }
}
