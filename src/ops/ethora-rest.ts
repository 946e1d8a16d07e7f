/** The few REST calls that the Ethora chat component makes beside XMPP: rooms, names, files. See docs/ethora.md. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AllowsOrigin } from '../util/host-header.ts'

/** Paths begin with it: it is the component's `baseUrl` on this server. */
export const ETHORA_PATH = '/ethora/v1/'

/** A room as the component is told of it. */
export interface EthoraRoom {
  /** Localpart. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** Address of the web, or `none`. */
  readonly picture: string
  /** `group`: not everybody may enter. */
  readonly type: 'public' | 'group'
}

/** A file that was stored, or the HTTP status that says why not. */
export type StoredFile = { readonly url: string } | { readonly status: number }

/** What answers the calls. */
export interface EthoraDesk {
  /** Rooms that an account (localpart) may enter, or, without one, that anybody may. */
  rooms(account: string | undefined): readonly EthoraRoom[]
  /** The account (localpart) with this name and password; undefined when there is none, or too many were tried. */
  logIn(login: {
    readonly name: string
    readonly password: string
    readonly address: string
  }): Promise<string | undefined>
  store(account: string, file: { readonly name: string; readonly bytes: Uint8Array }): Promise<StoredFile>
}

/** Bytes of one request with files, all of which are in memory at once, and such requests at a time. */
const MAX_BODY_BYTES = 17_825_792
const MAX_FILE_REQUESTS = 4
/** Files of one request. */
const MAX_FILES_AT_ONCE = 10

/** Counts requests with files. */
export class EthoraRest {
  readonly #desk: EthoraDesk
  readonly #allowsOrigin: AllowsOrigin
  #running = 0

  constructor(desk: EthoraDesk, allowsOrigin: AllowsOrigin) {
    this.#desk = desk
    this.#allowsOrigin = allowsOrigin
  }

  /** Answers a request whose path begins with ETHORA_PATH. */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { origin, host } = request.headers
    if (!this.#allowsOrigin(origin, host)) {
      send(response, 403, { error: 'pages of this origin may not ask' })
      return
    }
    if (origin !== undefined) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Allow-Methods', 'GET, POST, OPTIONS')
      response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type')
      response.setHeader('Vary', 'Origin')
    }
    if (request.method === 'OPTIONS') response.writeHead(204).end()
    else if (request.method === 'POST' && /^files\/?$/.test(path.slice(ETHORA_PATH.length)))
      await this.#receiveFiles(request, response)
    else if (request.method === 'GET') await this.#get(request, response, path.slice(ETHORA_PATH.length))
    else send(response, 404, { error: 'not served here' })
  }

  async #get(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const [, collection, name = ''] = /^(chats\/my|apps\/users)(?:\/([^/]{1,500}))?$/.exec(path) ?? []
    const wanted = decoded(name)
    if (collection === 'chats/my') {
      const rooms = this.#desk.rooms(await this.#account(request)).map(roomView)
      const room = rooms.find((each) => each.name === wanted)
      if (name === '') send(response, 200, { items: rooms })
      else send(response, room ? 200 : 404, room ?? { error: 'no such room' })
    } else if (collection === 'apps/users' && wanted)
      // Nothing is looked up: whoever asks knows the name.
      send(response, 200, { result: { _id: wanted, xmppUsername: wanted, firstName: wanted, lastName: '' } })
    else send(response, 404, { error: 'not served here' })
  }

  /** Whose token it is: Basic, with name and password. */
  async #account({ headers, socket }: IncomingMessage): Promise<string | undefined> {
    const [name, password] = credentialsIn(headers.authorization ?? '') ?? []
    return name !== undefined && password !== undefined
      ? this.#desk.logIn({ name, password, address: socket.remoteAddress ?? '' })
      : undefined
  }

  async #receiveFiles(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { 'content-length': length, 'content-type': type = '' } = request.headers
    const refuse = (status: number, error: string): void => {
      response.setHeader('Connection', 'close')
      send(response, status, { error })
    }
    if (length === undefined) return refuse(411, 'say how long it is')
    if (Number(length) > MAX_BODY_BYTES) return refuse(413, `${MAX_BODY_BYTES} bytes at most`)
    if (this.#running >= MAX_FILE_REQUESTS) return refuse(503, 'too many files at a time')
    this.#running++
    try {
      const account = await this.#account(request)
      if (account === undefined) return refuse(401, 'the token is Basic with name and password')
      const files = await filesIn(request, type)
      if (!files || files.length === 0 || files.length > MAX_FILES_AT_ONCE)
        return refuse(400, `expected 1 to ${MAX_FILES_AT_ONCE} files as multipart/form-data`)
      const results: unknown[] = []
      for (const file of files) {
        const bytes = new Uint8Array(await file.arrayBuffer())
        const stored = await this.#desk.store(account, { name: file.name, bytes })
        if ('status' in stored) return refuse(stored.status, 'this file is not taken now')
        results.push(fileView(file, stored.url, account))
      }
      send(response, 200, { results })
    } finally {
      this.#running--
    }
  }
}

const roomView = (room: EthoraRoom) => ({ ...room, members: [] })

/** What the component sends on in its message. */
function fileView({ name, type, size }: File, url: string, account: string) {
  return {
    _id: url.split('/').at(-2) ?? '',
    location: url,
    locationPreview: url,
    mimetype: /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream',
    size: String(size),
    filename: name,
    originalname: name,
    isVisible: true,
    userId: account,
    ownerKey: account,
  }
}

/** Name and password of RFC 7617; the component sends its token as it is. */
function credentialsIn(authorization: string): [name: string, password: string] | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]{1,2000})$/i.exec(authorization)?.[1]
  const [, name, password] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? []
  return name !== undefined && password !== undefined ? [name, password] : undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Undefined when the body is not what its type says. */
async function filesIn(request: IncomingMessage, type: string): Promise<File[] | undefined> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  try {
    const form = await new Response(Buffer.concat(chunks), { headers: { 'Content-Type': type } }).formData()
    return form.getAll('files').filter((entry) => typeof entry !== 'string')
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.setHeader('Cache-Control', 'no-store')
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(`${JSON.stringify(value)}\n`)
}
