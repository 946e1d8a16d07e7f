/** Clients that scan what they get instead of parsing it, so that they cost less than the server they measure. */
import { connect, type Socket } from 'node:net'

/** The most that a scanner may leave to be looked at again with what comes next. */
const MAX_REST = 64
const CHUNK = 262_144
/** All sockets read into the same memory, one after the other; before it is room for what the last scan left. */
const memory = Buffer.alloc(MAX_REST + CHUNK)
const chunk = memory.subarray(MAX_REST)

/** Looks at new bytes and returns the index from which it wants to see them again, `bytes.length` for none. */
export type Scanner = (bytes: Buffer) => number

/** A TCP connection with a scanner. */
export class RawClient {
  /** Bytes received. */
  received = 0
  #scan: Scanner = (bytes) => bytes.length
  #socket: Socket
  #rest = Buffer.alloc(0)
  #onFail: (error: Error) => void = () => {}

  private constructor(port: number) {
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: chunk,
        callback: (length) => {
          this.#read(length)
          return true
        },
      },
    })
    this.#socket.on('error', (error) => this.#onFail(error))
    this.#socket.on('close', () => this.#onFail(new Error('closed by the server')))
  }

  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const client = new RawClient(port)
      client.#onFail = reject
      client.#socket.on('connect', () => resolve(client))
    })
  }

  set scanner(scan: Scanner) {
    this.#scan = scan
    this.#rest = Buffer.alloc(0)
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  /** Sends and waits for a text that contains `wanted`; other text is thrown away. */
  ask(text: string, wanted: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      let seen = ''
      this.#onFail = (error) =>
        reject(new Error(`${error.message}, waiting for ${wanted}: ${seen.slice(-300)}`))
      this.scanner = (bytes) => {
        seen += bytes.toString('latin1')
        if (wanted.test(seen)) resolve(seen)
        return bytes.length
      }
      this.send(text)
    })
  }

  close(): void {
    this.#onFail = () => {}
    this.#socket.destroy()
  }

  #read(length: number): void {
    this.received += length
    const rest = this.#rest
    rest.copy(memory, MAX_REST - rest.length)
    const bytes = memory.subarray(MAX_REST - rest.length, MAX_REST + length)
    const kept = this.#scan(bytes)
    this.#rest = kept < bytes.length ? Buffer.from(bytes.subarray(kept)) : EMPTY
  }
}

const EMPTY = Buffer.alloc(0)

/** Logs a guest in and binds a resource. */
export async function login(port: number, domain = 'localhost'): Promise<RawClient> {
  const client = await RawClient.connect(port)
  const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`
  await client.ask(header, /<\/stream:features>/)
  await client.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>", /<success/)
  await client.ask(header, /<\/stream:features>/)
  await client.ask(
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    /<iq [^>]*type="result".*<\/iq>/,
  )
  return client
}

/** Counts a text in what a client gets. */
export function counter(text: string, onFound: (count: number) => void): Scanner {
  const needle = Buffer.from(text)
  return (bytes) => {
    let count = 0
    let after = 0
    for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, after)) {
      count++
      after = at + needle.length
    }
    if (count > 0) onFound(count)
    return Math.max(after, bytes.length - needle.length + 1)
  }
}

/** Several scanners on the same bytes, each of which sees what it wanted to see again and no more. */
export function together(...scanners: readonly Scanner[]): Scanner {
  const seen = scanners.map(() => 0)
  return (bytes) => {
    const kept = scanners.map((scan, i) => (seen[i] ?? 0) + scan(bytes.subarray(seen[i])))
    const first = Math.min(...kept)
    for (const [i, at] of kept.entries()) seen[i] = at - first
    return first
  }
}

/** Presence that joins a room without history. */
export const joinPresence = (room: string, nick: string): string =>
  `<presence to='${room}/${nick}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`

/** Accepts the default configuration of a room that was made by joining it (XEP-0045 §10.1.2). */
export const instantRoom = (room: string): string =>
  `<iq type='set' to='${room}' id='i'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`

/** Runs `work` for each, `width` at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++
      results[at] = await work(items[at] as T)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  return results
}
