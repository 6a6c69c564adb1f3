import type { WrittenConfig } from "@netra-apex/core";

/** Types a config that is written in TypeScript (`apex.config.ts`); returns it as it is. */
export function defineConfig(config: WrittenConfig): WrittenConfig {
  return config;
}
