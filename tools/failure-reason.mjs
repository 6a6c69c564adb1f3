/** What a package manager's output says of why it failed, the most telling sign first. */
const signs = [
  {
    sign: /\b(ENOTFOUND|EAI_AGAIN)\b|dns error|failed to lookup address/i,
    reason: "the npm registry's name was not found: offline?",
  },
  {
    sign: /\b(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)\b|connection refused|network is unreachable/i,
    reason: "the npm registry is out of reach",
  },
  {
    sign: /\b(ETIMEDOUT|ESOCKETTIMEDOUT|ERR_SOCKET_TIMEOUT)\b|operation timed out/i,
    reason: "the npm registry did not answer in time",
  },
  {
    sign: /\b(ECONNRESET|EPROTO)\b|connection reset|error sending request/i,
    reason: "the connection to the npm registry broke",
  },
  {
    sign: /\b(SELF_SIGNED_CERT\w*|UNABLE_TO_\w*CERT\w*|CERT_\w+)\b|invalid peer certificate/i,
    reason: "the npm registry's certificate is not trusted here",
  },
  { sign: /\b(E401|E403)\b|ERR_PNPM_FETCH_40[13]/, reason: "the npm registry refused access" },
  {
    sign: /\b(ETARGET|E404)\b|ERR_PNPM_FETCH_404|ERR_PNPM_NO_MATCHING_VERSION/,
    reason: "the npm registry does not have it",
  },
  {
    sign: /ERR_PNPM_(?:OUTDATED_LOCKFILE|PACKAGE_MANAGER_NO_IMPORTER)/,
    reason: "pnpm-lock.yaml does not fit the package.json files: run pnpm install",
  },
  { sign: /\bENOSPC\b|no space left/i, reason: "the disk is full" },
  { sign: /\b(EACCES|EPERM|EROFS)\b|permission denied/i, reason: "a file or folder may not be written" },
];

/**
 * Why a package manager failed, in a few words.
 *
 * @param {string} output of npm or pnpm
 * @returns {string} "see the output above" when nothing in it is known
 */
export function failureReason(output) {
  for (const { sign, reason } of signs) {
    const match = sign.exec(output);
    if (match) return match[1] ? `${reason} (${match[1]})` : reason;
  }
  return "see the output above";
}

/**
 * Whether the registry answered that it has no such package or version, so that another one may be tried.
 *
 * @param {string} output of npm
 */
export function isNotPublished(output) {
  return /\b(ETARGET|E404|EBADPLATFORM)\b/.test(output);
}
