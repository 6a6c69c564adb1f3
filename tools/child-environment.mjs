import path from "node:path";

/** What npm's configuration says of the network and of accounts; a child that installs needs it, too. */
const networkSettings =
  /^npm_config_(?:registry|.+:registry|\/\/.+|proxy|https_?proxy|noproxy|cafile|ca|cert|key|strict_ssl|userconfig|globalconfig|cache|offline|prefer_offline|fetch_.+|maxsockets)$/i;

/** What npm and pnpm set for the scripts they run. It describes that script and that Node, not the children of ours. */
const setForScripts = /^(?:npm_.+|init_cwd|node|corepack_root)$/i;

/**
 * An environment for a child: the parent's, without what npm or pnpm set for the script that is running, with other
 * directories first on PATH.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {string[]} directories absolute, the most important one first
 * @returns {NodeJS.ProcessEnv}
 */
export function childEnvironment(environment, directories = []) {
  const child = {};
  for (const [name, value] of Object.entries(environment)) {
    if (isKept(name, value)) child[name] = value;
  }
  const pathName = Object.keys(child).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  child[pathName] = [...directories, child[pathName]].filter(Boolean).join(path.delimiter);
  return child;
}

/**
 * Settings for pnpm and turbo as this repository's tools call them: nobody is there to answer, the registry that npm was
 * told to use is pnpm's, too, and a registry that is out of reach is noticed in seconds. The committed lockfile was
 * checked when it was written: checking each entry's age again would need the registry even for what is at hand.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv} only the additional variables
 */
export function quietTools(environment) {
  const registryName = Object.keys(environment).find((name) => name.toLowerCase() === "npm_config_registry");
  return {
    TURBO_TELEMETRY_DISABLED: "1",
    COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
    pnpm_config_confirm_modules_purge: "false",
    pnpm_config_update_notifier: "false",
    pnpm_config_trust_lockfile: "true",
    pnpm_config_verify_deps_before_run: "false",
    pnpm_config_fetch_retry_mintimeout: "1000",
    pnpm_config_fetch_retry_maxtimeout: "5000",
    ...(registryName && { pnpm_config_registry: environment[registryName] }),
  };
}

function isKept(name, value) {
  // npm sets an empty noproxy for its children, which would switch the proxy settings of others off.
  if (networkSettings.test(name)) return value !== "";
  return !setForScripts.test(name);
}
