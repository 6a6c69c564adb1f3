/** The machine that a run was on, as far as it was told. */
export interface RunHost {
  /** As `process.platform` and `process.arch` say. */
  readonly platform: string;
  readonly arch: string;
  readonly node: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** The name of the continuous integration service, where it is one's machine. */
  readonly ci?: string;
}

/** The state of the code that a run was about. */
export interface RunInputs {
  /** Two runs with the same one were about the same code. */
  readonly inputFingerprint: string;
  /** The commit that was checked out. */
  readonly commit?: string;
  readonly branch?: string;
  /** Whether files differed from that commit. */
  readonly isDirty?: boolean;
  /** Git's hash of all files as they were, where somebody took the time to have it computed. */
  readonly tree?: string;
}

/** The inputs alone, of an event that tells of them. */
export function runInputsOf({ inputFingerprint, commit, branch, isDirty, tree }: RunInputs): RunInputs {
  return {
    inputFingerprint,
    ...(commit === undefined ? {} : { commit }),
    ...(branch === undefined ? {} : { branch }),
    ...(isDirty === undefined ? {} : { isDirty }),
    ...(tree === undefined ? {} : { tree }),
  };
}
