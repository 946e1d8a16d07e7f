// Stands between a gateway and PostgreSQL, and loses connections at the moment that a test is about.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** The next COMMIT: never reaches the server, or is carried out and its answer lost. */
export type Loss = 'before-commit' | 'after-commit'

export class PostgresProxy {
  readonly #server: Server
  readonly #target: number
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #loss: { readonly kind: Loss; readonly stayAway: boolean } | undefined
  #isAway = false
  #isMute = false
  #onLost: (() => void)[] = []

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer((client) => this.#accept(client))
  }

  static async start(target: number): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  /** A URL of the server, as a URL of this proxy. */
  through(url: string): string {
    const { port } = this.#server.address() as { port: number }
    return url.replace(`:${this.#target}/`, `:${port}/`)
  }

  /** Arms the loss of the next commit; resolves when it has happened. Then all connections are gone, new ones too if `stayAway`. */
  lose(kind: Loss, { stayAway = false } = {}): Promise<void> {
    this.#loss = { kind, stayAway }
    return new Promise((resolve) => this.#onLost.push(resolve))
  }

  /** Cuts all connections and refuses new ones, or accepts them again. */
  setAway(isAway: boolean): void {
    this.#isAway = isAway
    if (isAway) this.#cut()
  }

  /** Connections stay and new ones are made, but nothing gets through any more; or what comes from now on does. */
  setMute(isMute: boolean): void {
    this.#isMute = isMute
  }

  async stop(): Promise<void> {
    this.#cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    if (this.#isAway) {
      client.destroy()
      return
    }
    const server = connect(this.#target, '127.0.0.1')
    const pair = [client, server] as const
    this.#pairs.add(pair)
    let isAnswerLost = false
    client.on('data', (chunk: Buffer) => {
      if (this.#isMute) return
      const isHit = this.#loss !== undefined && chunk.includes('COMMIT\0')
      if (isHit && this.#loss?.kind === 'before-commit') {
        this.#happen()
        return
      }
      isAnswerLost ||= isHit
      server.write(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      if (isAnswerLost) this.#happen()
      else client.write(chunk)
    })
    for (const socket of pair) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        for (const each of pair) each.destroy()
        this.#pairs.delete(pair)
      })
    }
  }

  #happen(): void {
    this.#isAway = this.#loss?.stayAway ?? false
    this.#loss = undefined
    this.#cut()
    for (const resolve of this.#onLost.splice(0)) resolve()
  }

  #cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }
}
