/** Control sequences of terminals: CSI, OSC with its end, and the two-character ones. */
// oxlint-disable-next-line no-control-regex
const sequences = /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)|\u001B[@-Z\\-_]/g;

/** As `node:util` has it, for browsers. */
export function stripVTControlCharacters(text: string): string {
  return text.replace(sequences, "");
}
