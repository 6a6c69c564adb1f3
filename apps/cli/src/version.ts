declare const __APEX_VERSION__: string | undefined;

/** The version of this program; `0.0.0-source` when it runs unbundled in tests. */
export const apexVersion: string = typeof __APEX_VERSION__ === "string" ? __APEX_VERSION__ : "0.0.0-source";
