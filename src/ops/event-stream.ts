/** Server-sent events: every watcher gets the whole map when something changed, not more often than it can be made. */
import type { IncomingMessage, ServerResponse } from 'node:http'

const MIN_INTERVAL_MS = 1000
/** A map that takes long to make is made less often: this many times as long passes before the next. */
const REST_PER_WORK = 20
/** A comment now and then keeps proxies from closing an idle stream. */
const KEEP_ALIVE_MS = 25_000
const MAX_WATCHERS = 200

export class EventStream {
  readonly #snapshot: () => unknown
  readonly #watchers = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | undefined
  #keepAlive: NodeJS.Timeout | undefined
  #pauseMs = MIN_INTERVAL_MS

  constructor(snapshot: () => unknown) {
    this.#snapshot = snapshot
  }

  /** Something changed: watchers will be told, within a second unless maps are large. */
  changed(): void {
    if (this.#watchers.size === 0 || this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const event = this.#event()
      for (const watcher of this.#watchers) write(watcher, event)
    }, this.#pauseMs)
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
    const startedAtMs = performance.now()
    const event = `event: map\ndata: ${JSON.stringify(this.#snapshot())}\n\n`
    this.#pauseMs = Math.max(MIN_INTERVAL_MS, REST_PER_WORK * (performance.now() - startedAtMs))
    return event
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
