/** What one hub gives to all and to each; times are in milliseconds, sizes in bytes, where events count by their characters. */
export interface HubLimits {
  /** Sockets at one time, readers and publishers together. Default: 64. */
  readonly clients: number;
  /** Handshakes whose authentication is not over. Default: 64. */
  readonly pendingHandshakes: number;
  /** Until a handshake is authenticated. Default: 10 s. */
  readonly handshakeMs: number;
  /** One message of a reader. Default: 64 KiB. */
  readonly readerMessageBytes: number;
  /** One message of a publisher. Default: 16 MiB. */
  readonly publisherMessageBytes: number;
  /** Of one reader. Default: 20. */
  readonly commandsPerSecond: number;
  /** Messages of one publisher. Default: 1,000. */
  readonly publishesPerSecond: number;
  /** Of one reader at one time. Default: 64. */
  readonly subscriptionsPerClient: number;
  /** Runs that are remembered of one user; beyond, those that ended first go. Default: 200. */
  readonly runsPerUser: number;
  /** Events in one message to a reader. Default: 1,000. */
  readonly frameEvents: number;
  /** Events in one message to a reader; one that is larger comes alone. Default: 256 KiB. */
  readonly frameBytes: number;
  /** A socket that holds as much gets nothing more until it has been written. Default: 1 MiB. */
  readonly socketBytes: number;
  /** A reader that takes no byte for so long is closed. Default: 10 s. */
  readonly stallMs: number;
  /** Events kept of one run; who is further behind gets a snapshot. Default: 8 MiB. */
  readonly retainedRunBytes: number;
  /** Events kept of all runs. Default: 64 MiB. */
  readonly retainedBytes: number;
  /** A run that ended, or of which nothing is heard, is forgotten after it. Default: 6 h. */
  readonly forgottenAfterMs: number;
  /** Between two pings. Default: 15 s. */
  readonly heartbeatMs: number;
  /** Until a socket that was told that it is closed must have answered; it may have to read much before. Default: 30 s. */
  readonly closeHandshakeMs: number;
  /** For what is still due when the hub closes. Default: 5 s. */
  readonly shutdownMs: number;
  /** When nobody has taken anything for so long, a hub that closes waits no longer. Default: 300. */
  readonly shutdownStallMs: number;
}

/** What a hub has without `limits`. */
export const defaultHubLimits: HubLimits = {
  clients: 64,
  pendingHandshakes: 64,
  handshakeMs: 10_000,
  readerMessageBytes: 64 * 1024,
  publisherMessageBytes: 16 * 1024 * 1024,
  commandsPerSecond: 20,
  publishesPerSecond: 1_000,
  subscriptionsPerClient: 64,
  runsPerUser: 200,
  frameEvents: 1_000,
  frameBytes: 256 * 1024,
  socketBytes: 1024 * 1024,
  stallMs: 10_000,
  retainedRunBytes: 8 * 1024 * 1024,
  retainedBytes: 64 * 1024 * 1024,
  forgottenAfterMs: 6 * 60 * 60 * 1000,
  heartbeatMs: 15_000,
  closeHandshakeMs: 30_000,
  shutdownMs: 5_000,
  shutdownStallMs: 300,
};
