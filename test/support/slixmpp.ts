// Drives test/peers/slixmpp_client.py: a real XMPP client in another language.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { python } from './peers.ts'

const SCRIPT = new URL('../peers/slixmpp_client.py', import.meta.url).pathname

export type ClientEvent = { readonly event: string } & Readonly<Record<string, unknown>>

interface Waiter {
  readonly matches: (event: ClientEvent) => boolean
  readonly resolve: (event: ClientEvent) => void
}

export class SlixmppClient {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiters = new Set<Waiter>()
  readonly events: ClientEvent[] = []
  #errors = ''
  #lastRef = 0

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000)
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      // slixmpp 1.8 prints the delays of history.
      if (!line.startsWith('{')) return
      const event = JSON.parse(line) as ClientEvent
      this.events.push(event)
      for (const waiter of this.#waiters)
        if (waiter.matches(event)) {
          this.#waiters.delete(waiter)
          waiter.resolve(event)
        }
    })
  }

  /** Logs in; an empty password means SASL ANONYMOUS. */
  static async login(port: number, jid: string, password = ''): Promise<SlixmppClient> {
    const client = new SlixmppClient(
      spawn(python(), ['-u', SCRIPT, '127.0.0.1', String(port), jid, password]),
    )
    await client.when((event) => event.event === 'session')
    return client
  }

  /** The first event, past or future, that matches. Rejects after `timeoutMs` with what did come. */
  when(matches: (event: ClientEvent) => boolean, timeoutMs = 20_000): Promise<ClientEvent> {
    const past = this.events.find(matches)
    if (past) return Promise.resolve(past)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter)
        reject(new Error(`no such event; came: ${JSON.stringify(this.events.slice(-30))}\n${this.#errors}`))
      }, timeoutMs)
      const waiter: Waiter = {
        matches,
        resolve: (event) => {
          clearTimeout(timer)
          resolve(event)
        },
      }
      this.#waiters.add(waiter)
    })
  }

  /** Runs a command of the script and resolves with its answer; rejects with the error condition. */
  async do(kind: string, args: Record<string, unknown> = {}): Promise<ClientEvent> {
    this.#lastRef += 1
    const ref = this.#lastRef
    this.#child.stdin.write(`${JSON.stringify({ do: kind, ref, ...args })}\n`)
    const answer = await this.when((event) => event.ref === ref, 30_000)
    if (answer.event === 'failed') throw new Error(String(answer.reason))
    return answer
  }

  heard(room: string, body: string, timeoutMs?: number): Promise<ClientEvent> {
    return this.when((e) => e.event === 'groupchat' && e.room === room && e.body === body, timeoutMs)
  }

  /** How often a body was heard in a room, history aside. */
  timesHeard(room: string, body: string): number {
    return this.events.filter(
      (e) => e.event === 'groupchat' && e.room === room && e.body === body && !e.delayed,
    ).length
  }

  quit(): void {
    this.#child.kill()
  }
}
