/**
 * Serves topics over HTTP to pages. Runs in Node.
 *
 * @module igwn-alert-rx/bridge
 */
export type { Bye, ByeReason, Gap, Hello, Link, ServedTopic, SpecialNumber, WireRecord } from './bridge/protocol/events.ts'
export { type Bridge, createBridge } from './bridge/server/createBridge.ts'
export type { FetchInfo } from './bridge/server/fetchStyle.ts'
export type { NodeRequest, NodeResponse } from './bridge/server/nodeStyle.ts'
export type { AuthorizeRequest, BridgeOptions } from './bridge/server/options.ts'
export { type BridgeServer, type ServeOptions, serveBridge } from './bridge/server/serveBridge.ts'
export type { BridgeClient, BridgeStream } from './bridge/server/streams.ts'
export { tokenFile } from './bridge/server/tokenFile.ts'
