/** Server-sent events: every watcher gets the whole map, at most once a second, when something changed. */
import type { IncomingMessage, ServerResponse } from 'node:http'

const MIN_INTERVAL_MS = 1000
/** A comment now and then keeps proxies from closing an idle stream. */
const KEEP_ALIVE_MS = 25_000
const MAX_WATCHERS = 200

export class EventStream {
  readonly #snapshot: () => unknown
  readonly #watchers = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | undefined
  #keepAlive: NodeJS.Timeout | undefined

  constructor(snapshot: () => unknown) {
    this.#snapshot = snapshot
  }

  /** Something changed: watchers will be told within a second. */
  changed(): void {
    if (this.#watchers.size === 0 || this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const event = this.#event()
      for (const watcher of this.#watchers) write(watcher, event)
    }, MIN_INTERVAL_MS)
  }

  open(request: IncomingMessage, response: ServerResponse): void {
    if (this.#watchers.size >= MAX_WATCHERS) {
      response.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8' })
      response.end(`at most ${MAX_WATCHERS} watchers\n`)
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    this.#watchers.add(response)
    this.#keepAlive ??= setInterval(() => {
      for (const watcher of this.#watchers) write(watcher, ': still here\n\n')
    }, KEEP_ALIVE_MS)
    request.once('close', () => this.#close(response))
    write(response, this.#event())
  }

  /** Ends all streams. */
  end(): void {
    for (const watcher of this.#watchers) {
      watcher.end()
      this.#close(watcher)
    }
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #event(): string {
    return `event: map\ndata: ${JSON.stringify(this.#snapshot())}\n\n`
  }

  #close(response: ServerResponse): void {
    this.#watchers.delete(response)
    if (this.#watchers.size > 0) return
    clearInterval(this.#keepAlive)
    this.#keepAlive = undefined
  }
}

/** A watcher that does not read is let go rather than buffered for. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024

function write(watcher: ServerResponse, text: string): void {
  if (watcher.writableLength > MAX_BUFFERED_BYTES) watcher.destroy()
  else watcher.write(text)
}
