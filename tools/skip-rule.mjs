/**
 * When a test may be skipped where everything is supposed to run (`CI` is set): only when its title says that it is for
 * another platform, as `skipped: only on win32` or `skipped: not on darwin, linux` (Node's names of platforms). Whatever
 * else a test needs, CI installs. On a developer's machine any test may be skipped; it is listed with its title.
 */
const platformReason = /\bskipped: (only|not) on ([a-z0-9]+(?:, [a-z0-9]+)*)/;

/**
 * Whether a title gives a reason that holds on this platform.
 *
 * @param {string} title of a skipped test, with its suites
 * @param {string} platform as `process.platform` has it
 */
export function isSkipJustified(title, platform = process.platform) {
  const match = platformReason.exec(title);
  if (!match) return false;
  const isNamed = match[2].split(", ").includes(platform);
  return match[1] === "only" ? !isNamed : isNamed;
}
