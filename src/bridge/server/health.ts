import type { Hub } from './Hub.ts'
import { type Answer, json } from './request.ts'

/** 200 while every stream is read, else 503 and which are not. */
export function healthOf(hub: Hub, headers: Readonly<Record<string, string>>): Answer {
  const streams = hub.feeds.map(({ stream: { client, name }, cursor, isWarm, error }) => ({
    name,
    server: client.server,
    status: error ? 'failed' : isWarm ? 'reading' : cursor ? 'warming' : 'connecting',
    code: error?.code,
  }))
  return json(hub.isReady ? 200 : 503, { status: hub.isReady ? 'ok' : 'not ready', clients: hub.sessions.size, streams }, headers)
}
