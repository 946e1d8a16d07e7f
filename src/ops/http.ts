/** The HTTP listener: pages, the presence map and its events, metrics, health, and the way to the WebSocket. */
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Logger } from 'pino'
import { GatewayError } from '../util/errors.ts'
import { listenRefusal } from '../util/refusal.ts'
import { isAuthorized, isForPeople, LOGIN_PAGE, withoutToken } from './access.ts'
import { ETHORA_PATH, type EthoraRest } from './ethora-rest.ts'
import type { EventStream } from './event-stream.ts'
import { FILES_PATH, type FileSource, sendFile } from './files.ts'
import { hostMeta, hostMetaJson } from './host-meta.ts'
import { type Operate, takeOperation } from './operations.ts'
import { findAsset, type StaticFolders } from './static-files.ts'
import { allowUploads, receiveUpload, type UploadDesk } from './uploads.ts'

export interface HttpOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** Asked for by all but health, chat and files; null asks for nothing (loopback only). */
  readonly token: string | null
  /** Whether a `Host` header is one that this listener is reached by. */
  readonly allowsHost: (host: string | undefined) => boolean
  readonly log: Logger
  readonly folders: StaticFolders
  readonly files: FileSource
  /** Null takes no files. */
  readonly uploads: UploadDesk | null
  /** Null or left out: the Ethora chat component finds no REST here. */
  readonly ethora?: EthoraRest | null
  /** Where pages may load files from and put them to, besides this server: the public address of `files`. */
  readonly filesOrigin: () => string | undefined
  readonly map: () => unknown
  readonly events: EventStream
  /** What operators ask for who have shown the token; without a token nobody may. */
  readonly operate: Operate
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** What keeps the gateway from being ready, in words; empty when it is. */
  readonly problems: () => readonly string[]
  /** Whether host-meta announces a WebSocket. */
  readonly hasWebSocket: boolean
  /** What the chat page must know: whether anonymous login is offered, and the addresses. */
  readonly chatSettings: () => unknown
}

/** Requests whose head is not there by then are ended. */
const HEAD_TIMEOUT_MS = 30_000
/** Requests that do not end, uploads mostly, are ended after this; event streams live on. */
const REQUEST_TIMEOUT_MS = 300_000
/** Connections on which nothing moves for so long are ended; event streams have their keep-alive. */
const IDLE_MS = 60_000
const MAX_CONNECTIONS = 2000
const TIMEOUTS = { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS }

/** Pages load nothing from elsewhere. Converse.js sets styles in attributes and compiles WebAssembly. */
const contentSecurityPolicy = (filesOrigin = ''): string =>
  [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: blob: ${filesOrigin}`.trimEnd(),
    "font-src 'self' data:",
    `connect-src 'self' ws: wss: ${filesOrigin}`.trimEnd(),
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ].join('; ')

const securityHeaders = ({ filesOrigin }: HttpOptions) => ({
  'Content-Security-Policy': contentSecurityPolicy(filesOrigin()),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
})

export interface HttpServer {
  /** For the WebSocket upgrade. */
  readonly server: Server
  start(): Promise<{ readonly port: number }>
  stop(): Promise<void>
}

export function createHttpServer(options: HttpOptions): HttpServer {
  const server = createServer(TIMEOUTS, (request, response) => {
    for (const [name, value] of Object.entries(securityHeaders(options))) response.setHeader(name, value)
    void respond(request, response, options).catch((error: unknown) => {
      // Whoever goes away in the middle of a file is no error of ours.
      if (response.headersSent) response.destroy()
      else {
        options.log.error(
          { code: 'HTTP_FAILED', path: request.url?.split('?')[0], err: error },
          'request failed',
        )
        send(response, 500, 'text/plain; charset=utf-8', 'internal error, see the log\n')
      }
    })
  })
  server.setTimeout(IDLE_MS)
  server.maxConnections = MAX_CONNECTIONS
  return {
    server,
    start: () =>
      new Promise((resolve, reject) => {
        server.on('error', (cause) => {
          const { text, mend } = listenRefusal('http.listen', options.listen, cause)
          reject(new GatewayError('HTTP_LISTEN', `${text}: ${mend}`, { cause }))
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
  const url = parseUrl(request.url ?? '/')
  if (!url) {
    send(response, 400, 'text/plain; charset=utf-8', 'not an address\n')
    return
  }
  if (!options.allowsHost(request.headers.host)) {
    send(response, 421, 'text/plain; charset=utf-8', 'not reached by this name: set http.publicUrl to it\n')
    return
  }
  if (options.uploads && url.pathname.startsWith(FILES_PATH) && isUpload(request)) {
    allowUploads(response)
    const status =
      request.method === 'PUT' ? await receiveUpload(request, url.pathname, options.uploads) : 204
    response.writeHead(status).end()
    return
  }
  if (options.ethora && url.pathname.startsWith(ETHORA_PATH)) {
    await options.ethora.answer(request, response, url.pathname)
    return
  }
  const isOperation = request.method === 'POST' && url.pathname === OPERATIONS_PATH && options.token !== null
  if (request.method !== 'GET' && request.method !== 'HEAD' && !isOperation) {
    response.setHeader('Allow', 'GET, HEAD')
    const why = url.pathname === OPERATIONS_PATH ? 'POST needs http.token' : 'only GET and HEAD'
    send(response, 405, 'text/plain; charset=utf-8', `${why}\n`)
    return
  }
  if (isGuarded(url.pathname) && !isAuthorized(request, response, url, options.token)) {
    response.setHeader('WWW-Authenticate', 'Bearer realm="foyer"')
    if (isForPeople(request)) send(response, 401, 'text/html; charset=utf-8', LOGIN_PAGE)
    else
      send(
        response,
        401,
        'text/plain; charset=utf-8',
        'this page needs http.token: send it as a bearer token or as ?token=…\n',
      )
    return
  }
  if (isOperation) {
    const { status, body } = await takeOperation(request, options.operate)
    sendJson(response, status, body)
    return
  }
  const clean = withoutToken(request, url)
  if (clean !== undefined) {
    response.setHeader('Location', clean)
    response.setHeader('Cache-Control', 'no-store')
    send(response, 303, 'text/plain; charset=utf-8', `${clean}\n`)
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
    case OPERATIONS_PATH:
      sendJson(response, 200, { operator: options.token !== null })
      return
    case '/api/events':
      options.events.open(request, response)
      return
    case '/.well-known/host-meta':
      if (!options.hasWebSocket) break
      response.setHeader('Access-Control-Allow-Origin', '*')
      send(response, 200, 'application/xrd+xml; charset=utf-8', hostMeta(request))
      return
    case '/.well-known/host-meta.json':
      if (!options.hasWebSocket) break
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
  }
  // Nothing below it is a page: what is guarded cannot be had by a way around.
  if (url.pathname.startsWith(FILES_PATH)) {
    const isFound = await sendFile(response, url.pathname, options.files)
    if (!isFound) send(response, 404, 'text/plain; charset=utf-8', 'not found\n')
    return
  }
  await sendAsset(response, url.pathname, options.folders)
}

/** GET says whether whoever asks may have something done, POST has it done. */
const OPERATIONS_PATH = '/api/operations'

const isUpload = ({ method }: IncomingMessage): boolean => method === 'PUT' || method === 'OPTIONS'

/** Only path and query of a request count; undefined when they cannot be told. */
function parseUrl(target: string): URL | undefined {
  const base = 'http://localhost'
  return URL.canParse(target, base) ? new URL(target, base) : undefined
}

/** Without a token: health, the chat, what leads to it, and files, whose addresses are secrets themselves. */
const isGuarded = (path: string): boolean =>
  !/^\/(?:healthz$|readyz$|chat(?:$|\/)|files\/|\.well-known\/host-meta(?:\.json)?$)/.test(path)

async function sendAsset(response: ServerResponse, path: string, folders: StaticFolders): Promise<void> {
  const asset = await findAsset(path, folders)
  if (!asset) {
    send(response, 404, 'text/plain; charset=utf-8', 'not found\n')
    return
  }
  response.setHeader('Cache-Control', asset.isImmutable ? 'public, max-age=86400' : 'no-cache')
  response.setHeader('ETag', asset.tag)
  if (response.req.headers['if-none-match'] === asset.tag) {
    response.writeHead(304).end()
    return
  }
  response.writeHead(200, { 'Content-Type': asset.type, 'Content-Length': asset.bytes })
  if (response.req.method === 'HEAD') response.end()
  else await pipeline(createReadStream(asset.path), response)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.setHeader('Cache-Control', 'no-store')
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`)
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
