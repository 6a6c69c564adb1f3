export { createWebSocketHub, type HubStats, type WebSocketHub, type WebSocketHubOptions } from "./websocket-hub.ts";
export {
  HubListenError,
  type ListeningHub,
  listenWebSocketHub,
  type ListenWebSocketHubOptions,
} from "./listen-websocket-hub.ts";
export { anyOf, type Authenticate, type AuthenticationRequest, localUserId, type Principal } from "./principal.ts";
export { createToken, tokenAuthenticator, type TokenGrant } from "./token-authenticator.ts";
export { createPageAccess, type PageAccess, type PageAccessOptions } from "./page-access.ts";
export type { Refusal, RequestPolicy, RequestPolicyOptions } from "./request-policy.ts";
export { defaultHubLimits, type HubLimits } from "./hub-limits.ts";
export { RunDigest } from "./run-digest.ts";
export { viewOfSnapshot } from "./snapshot-view.ts";
export {
  closeCodes,
  type CommonHubMessage,
  type Cursor,
  type ErrorMessage,
  type HubMessage,
  protocolVersion,
  type PublisherHubMessage,
  type PublisherMessage,
  type Snapshot,
  socketPaths,
  type SubscriberMessage,
  subprotocol,
  tokenSubprotocolPrefix,
} from "./protocol.ts";

export { createWebSocketPublisher } from "./publisher/create-publisher.ts";
export { NotDeliveredError, PublisherOptionsError } from "./publisher/publisher-error.ts";
export type {
  PublisherLimits,
  PublisherOptions,
  PublisherState,
  PublisherStatus,
  WebSocketPublisher,
} from "./publisher/publisher-options.ts";
export {
  createProgressStreamingAgent,
  progressStreamingAgentName,
  type ProgressStreamingOptions,
  type StreamingStatus,
} from "../agent/progress-streaming-agent.ts";
export type { BackoffOptions } from "../client/backoff.ts";
export type { RunView } from "../run-view.ts";
