/**
 * The Node versions this repository runs on, in the form that `engines.node` of the root package.json has.
 *
 * Only that form is understood: alternatives joined by `||`, each `^1.2.3` or `>=1[.2[.3]]`. What is after a version's
 * numbers (`-nightly…`) is not looked at.
 */

/**
 * Whether a version is within a range.
 *
 * @param {string} version such as `24.15.0` or `v24.15.0`
 * @param {string} range such as `^22.22.3 || ^24.15.0 || >=26`
 * @throws {RangeError} when either is of another form
 */
export function satisfiesFloor(version, range) {
  const numbers = versionNumbers(version);
  return floorAlternatives(range).some(
    ({ operator, floor }) => compareVersions(numbers, floor) >= 0 && (operator === ">=" || numbers[0] === floor[0]),
  );
}

/**
 * The alternatives of a range, in the order in which they are written.
 *
 * @param {string} range
 * @returns {{ text: string, operator: "^" | ">=", floor: [number, number, number] }[]}
 * @throws {RangeError} when one of them is of another form
 */
export function floorAlternatives(range) {
  return range.split("||").map((part) => {
    const text = part.trim();
    const match = /^(\^)(\d+\.\d+\.\d+)$/.exec(text) ?? /^(>=)\s*(\d+(?:\.\d+){0,2})$/.exec(text);
    if (!match) throw new RangeError(`"${text}" is not of the form ^1.2.3 or >=1.2.3`);
    return { text: match[1] + match[2], operator: match[1], floor: versionNumbers(match[2]) };
  });
}

function versionNumbers(version) {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?$/.exec(version.trim());
  if (!match) throw new RangeError(`"${version}" is not a version`);
  return [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)];
}

function compareVersions(left, right) {
  const place = left.findIndex((number, index) => number !== right[index]);
  return place === -1 ? 0 : left[place] - right[place];
}
