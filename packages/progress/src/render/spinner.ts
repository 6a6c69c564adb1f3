const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** The sign of what is under way, one cell wide; it turns with every tick. */
export function spinnerAt(tick: number): string {
  return spinner[tick % spinner.length] ?? "";
}
