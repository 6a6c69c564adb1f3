/** Flags of `apex services`. */
export interface ServiceOptions {
  readonly config?: string;
  readonly env?: string;
  readonly profile?: string;
  readonly json?: boolean;
  readonly forceRecreate?: boolean;
  readonly timeout?: string;
  readonly clean?: boolean;
}
