/** The HTTP listener: pages, the presence map and its events, metrics, health, and the way to the WebSocket. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GatewayError } from '../util/errors.ts'
import { isAuthorized } from './access.ts'
import type { EventStream } from './event-stream.ts'
import { hostMeta, hostMetaJson } from './host-meta.ts'
import { findAsset, type StaticFolders } from './static-files.ts'

export interface HttpOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** Asked for by `/`, `/api` and `/metrics`; null asks for nothing (loopback only). */
  readonly token: string | null
  readonly folders: StaticFolders
  readonly map: () => unknown
  readonly events: EventStream
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** What keeps the gateway from being ready, in words; empty when it is. */
  readonly problems: () => readonly string[]
  /** What the chat page must know: whether anonymous login is offered, and the addresses. */
  readonly chatSettings: () => unknown
}

/** Requests that do not end are ended after this; event streams live on. */
const REQUEST_TIMEOUT_MS = 30_000
const MAX_CONNECTIONS = 2000

/** Pages load nothing from elsewhere. Converse.js sets styles in attributes and compiles WebAssembly. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'self'",
].join('; ')

const SECURITY_HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const

export interface HttpServer {
  /** For the WebSocket upgrade. */
  readonly server: Server
  start(): Promise<{ readonly port: number }>
  stop(): Promise<void>
}

export function createHttpServer(options: HttpOptions): HttpServer {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
    void respond(request, response, options).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else send(response, 500, 'text/plain; charset=utf-8', `internal error: ${String(error)}\n`)
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  return {
    server,
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', (cause) => {
          const { host, port } = options.listen
          reject(
            new GatewayError(
              'HTTP_LISTEN',
              `http.listen: cannot listen on ${host}:${port}: ${cause.message}`,
              { cause },
            ),
          )
        })
        server.listen(options.listen.port, options.listen.host, () => {
          resolve({ port: (server.address() as AddressInfo).port })
        })
      }),
    stop: () =>
      new Promise((resolve) => {
        options.events.end()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    send(response, 405, 'text/plain; charset=utf-8', 'only GET and HEAD\n')
    return
  }
  if (isGuarded(url.pathname) && !isAuthorized(request, response, url, options.token)) {
    response.setHeader('WWW-Authenticate', 'Bearer realm="foyer"')
    send(
      response,
      401,
      'text/plain; charset=utf-8',
      'this page needs http.token: send it as a bearer token or as ?token=…\n',
    )
    return
  }
  switch (url.pathname) {
    case '/healthz':
      sendJson(response, 200, { status: 'ok' })
      return
    case '/readyz': {
      const problems = options.problems()
      sendJson(response, problems.length === 0 ? 200 : 503, { ready: problems.length === 0, problems })
      return
    }
    case '/metrics': {
      const { contentType, text } = await options.metrics()
      send(response, 200, contentType, text)
      return
    }
    case '/api/map':
      sendJson(response, 200, options.map())
      return
    case '/api/events':
      options.events.open(request, response)
      return
    case '/.well-known/host-meta':
      response.setHeader('Access-Control-Allow-Origin', '*')
      send(response, 200, 'application/xrd+xml; charset=utf-8', hostMeta(request))
      return
    case '/.well-known/host-meta.json':
      response.setHeader('Access-Control-Allow-Origin', '*')
      sendJson(response, 200, hostMetaJson(request))
      return
    case '/chat':
      response.setHeader('Location', '/chat/')
      send(response, 308, 'text/plain; charset=utf-8', '/chat/\n')
      return
    case '/chat/settings.json':
      sendJson(response, 200, options.chatSettings())
      return
    default:
      await sendAsset(response, url.pathname, options.folders)
  }
}

const isGuarded = (path: string): boolean => path === '/' || path === '/metrics' || path.startsWith('/api/')

async function sendAsset(response: ServerResponse, path: string, folders: StaticFolders): Promise<void> {
  const asset = await findAsset(path, folders)
  if (!asset) {
    send(response, 404, 'text/plain; charset=utf-8', 'not found\n')
    return
  }
  response.setHeader('Cache-Control', asset.isImmutable ? 'public, max-age=86400' : 'no-cache')
  send(response, 200, asset.type, asset.bytes)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.setHeader('Cache-Control', 'no-store')
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`)
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
