/** The HTTP side of XMPP over WebSocket: who may upgrade, and the subprotocol. RFC 7395 §3.1. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { AllowsOrigin } from '../util/host-header.ts'

const SUBPROTOCOL = 'xmpp'

/** Which requests may upgrade. */
export interface Callers {
  /** Whether a `Host` header is one that the server is reached by. */
  readonly allowsHost: (host: string | undefined) => boolean
  readonly allowsOrigin: AllowsOrigin
}

/** What the endpoint needs of the XMPP server. */
export interface EndpointOptions extends Callers {
  readonly maxFrameBytes: number
  readonly hasRoom: (address: string) => boolean
  readonly accept: (webSocket: WebSocket, socket: Duplex, address: string) => void
}

/** Takes all upgrade requests of `server`: those for `path` become XMPP connections, others are refused. */
export function attachWebSocketEndpoint(server: Server, path: string, options: EndpointOptions): void {
  const upgrader = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.maxFrameBytes,
    handleProtocols: () => SUBPROTOCOL,
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const status = refusalOf(request, path, {
      ...options,
      hasRoom: () => options.hasRoom(socket.remoteAddress ?? ''),
    })
    if (status !== undefined) {
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      return
    }
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    upgrader.handleUpgrade(request, socket, head, (webSocket) =>
      options.accept(webSocket, socket, socket.remoteAddress ?? ''),
    )
  })
}

/** HTTP status to refuse with, or undefined. */
function refusalOf(
  request: IncomingMessage,
  path: string,
  { allowsHost, allowsOrigin, hasRoom }: Callers & { hasRoom: () => boolean },
): number | undefined {
  if (!allowsHost(request.headers.host)) return 421
  if (request.url?.split('?', 1)[0] !== path) return 404
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  if (!offered.includes(SUBPROTOCOL)) return 400
  if (!allowsOrigin(request.headers.origin, request.headers.host)) return 403
  return hasRoom() ? undefined : 503
}
