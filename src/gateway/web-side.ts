/** The HTTP listener as this gateway sets it up: pages, files, map, numbers, and the WebSocket of the embedded server. */
import type { Logger } from 'pino'
import type { FileStore } from '../archive/file-store.ts'
import { type Config, isLoopback } from '../config.ts'
import { createHttpServer, type HttpOptions, type HttpServer } from '../ops/http.ts'
import { type AllowsOrigin, isHostOf, isOriginAllowed, namesThisMachine } from '../util/host-header.ts'
import type { XmppServer } from '../xmpp/server.ts'
import { ethoraRest } from './ethora-desk.ts'
import { publicRooms } from './map.ts'
import type { Observation } from './observation.ts'
import type { Rooms } from './rooms.ts'
import type { Uploads } from './uploads.ts'
import { webFolders } from './web-folders.ts'

export interface WebSideParts {
  readonly log: Logger
  readonly rooms: Rooms
  readonly server: XmppServer | null
  readonly seen: Observation
  /** Pictures of lobbies; null keeps none. */
  readonly files: FileStore | null
  /** Null takes no files of users. */
  readonly uploads: { readonly files: FileStore; readonly slots: Uploads } | null
  /** Under which address others reach the listener. */
  publicUrl(): string | undefined
  readonly operate: HttpOptions['operate']
}

/** It does not listen yet. */
export function createWebSide({ http, xmpp }: Config, parts: WebSideParts): HttpServer {
  const { log, rooms, server, seen, files, uploads, publicUrl, operate } = parts
  const serverDomain = xmpp.server?.domain
  // Without TLS nobody logs in from another machine, over WebSocket as little as over TCP.
  const hasWebSocket = server !== null && isLoopback(http.listen.host)
  const allowsHost = (host: string | undefined): boolean =>
    !isLoopback(http.listen.host) || namesThisMachine(host) || isHostOf(http.publicUrl, host)
  const allowsOrigin: AllowsOrigin = (origin, host) => isOriginAllowed(origin, host, http.origins)
  const side = createHttpServer({
    listen: http.listen,
    token: http.token,
    allowsHost,
    log,
    folders: webFolders(),
    files: { find: (name) => files?.find(name) ?? uploads?.files.find(name) },
    uploads: uploads?.slots ?? null,
    ethora: http.ethora ? ethoraRest({ rooms, server, serverDomain, uploads }, allowsOrigin) : null,
    filesOrigin: () => {
      const url = publicUrl()
      return url && new URL(url).origin
    },
    map: seen.map,
    events: seen.events,
    operate,
    metrics: () => seen.metrics.render(),
    problems: seen.problems,
    hasWebSocket,
    chatSettings: () => ({
      domain: (hasWebSocket && serverDomain) || null,
      mucDomain: xmpp.domain,
      anonymous: xmpp.server?.auth !== 'accounts',
      rooms: hasWebSocket ? publicRooms(rooms, xmpp.domain) : [],
    }),
  })
  if (hasWebSocket) server.attachWebSocket(side.server, { allowsHost, allowsOrigin })
  return side
}
