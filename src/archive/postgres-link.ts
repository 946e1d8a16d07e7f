/** Keeps one connection to PostgreSQL: opened anew, with growing pauses, whenever it is lost. */
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../util/errors.ts'
import { PostgresConnection, problemOf } from './postgres.ts'
import { nameOf, type PostgresLocation } from './postgres-url.ts'

/** How long a start waits for a server that is not there yet, as after a boot of everything at once. */
const START_WAIT_MS = 10_000
/** How long a start waits for another gateway to let go of the database: one that was just killed needs a moment. */
const LOCK_WAIT_MS = 2_000
/** Calls that find no connection wait for it this long after it was lost; later ones fail at once. */
const LOSS_WAIT_MS = 3_000
const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000

/** Codes that no waiting mends. */
const FINAL: ReadonlySet<string> = new Set(['ARCHIVE_SCHEMA_NEWER', 'ARCHIVE_TAKEN', 'ARCHIVE_UNREADABLE'])
/** SQLSTATEs that no waiting mends: login refused, no such database, no right, and unknown names. */
const FINAL_STATES = /^(28|3D|42)/

export interface LinkOptions {
  readonly location: PostgresLocation
  /** Makes a new connection fit for use; when it rejects, the connection is closed. */
  claim(connection: PostgresConnection): Promise<void>
  /** What is wrong from now on; undefined when all is well again. */
  onProblem(problem: string | undefined): void
}

export class PostgresLink {
  readonly #options: LinkOptions
  readonly #closing = new AbortController()
  #connection: PostgresConnection | undefined
  #lostAtMs = 0
  /** Lets the call go on that waits for a connection. */
  #wake: (() => void) | undefined
  #failure: GatewayError | undefined
  /** No connection will be of use any more. */
  #isFinal = false

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** Why there is no connection, without password; undefined while there is one. */
  get problem(): string | undefined {
    return this.#failure?.message
  }

  /**
   * Opens the first connection. Rejects within START_WAIT_MS with a `GatewayError`: ARCHIVE_LOCKED,
   * ARCHIVE_SCHEMA_NEWER, ARCHIVE_UNREADABLE.
   */
  async start(): Promise<void> {
    const startedAtMs = performance.now()
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      const error = await this.#open()
      if (!error) return
      const waitMs = error.code === 'ARCHIVE_LOCKED' ? LOCK_WAIT_MS : START_WAIT_MS
      const waitedMs = performance.now() - startedAtMs
      if (FINAL.has(error.code) || waitedMs >= waitMs)
        throw error.code === 'ARCHIVE_FAILED'
          ? new GatewayError(
              'ARCHIVE_UNREADABLE',
              `archive.url: ${error.message}: start the database server there, or correct the address`,
              { cause: error.cause },
            )
          : error
      await pause(Math.min(pauseMs, waitMs - waitedMs))
    }
  }

  /** An open connection. Rejects with ARCHIVE_FAILED when there has been none for LOSS_WAIT_MS. One call at a time. */
  async connection(): Promise<PostgresConnection> {
    for (;;) {
      if (this.#connection) return this.#connection
      const leftMs = this.#lostAtMs + LOSS_WAIT_MS - performance.now()
      if (this.#isFinal || this.#closing.signal.aborted || leftMs <= 0) throw this.#unavailable()
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Something else says that the server is out of reach: whoever waits for an answer need not find out too. */
  drop(): void {
    const connection = this.#connection
    if (!connection) return
    this.#lost('dropped, as another connection was lost')
    void connection.close()
  }

  /** The last call. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#wake?.()
    const connection = this.#connection
    this.#connection = undefined
    await connection?.close()
  }

  /** What went wrong, or undefined when there is a connection now. */
  async #open(): Promise<GatewayError | undefined> {
    let connection: PostgresConnection | undefined
    try {
      connection = await PostgresConnection.open(this.#options.location, (reason) => {
        if (this.#connection) this.#lost(reason)
      })
      await this.#options.claim(connection)
      if (!connection.isOpen) throw new Error('lost again at once')
    } catch (error) {
      await connection?.close()
      if (error instanceof GatewayError) return error
      const { text, sqlState } = problemOf(error)
      return FINAL_STATES.test(sqlState ?? '')
        ? new GatewayError(
            'ARCHIVE_UNREADABLE',
            `archive.url: ${this.#named(text)}: correct it, or make user and database as docs/operating.md says`,
          )
        : this.#failed(text)
    }
    if (this.#closing.signal.aborted) {
      await connection.close()
      return undefined
    }
    this.#connection = connection
    this.#tell(undefined)
    this.#wake?.()
    return undefined
  }

  #lost(reason: string): void {
    this.#connection = undefined
    this.#lostAtMs = performance.now()
    this.#tell(this.#failed(reason))
    void this.#reopen()
  }

  async #reopen(): Promise<void> {
    const { signal } = this.#closing
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      const error = await this.#open()
      if (!error) return
      this.#tell(error)
      if (error.code === 'ARCHIVE_TAKEN') {
        this.#isFinal = true
        this.#wake?.()
        return
      }
      await pause(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }

  #tell(failure: GatewayError | undefined): void {
    const before = this.problem
    this.#failure = failure
    if (this.problem !== before) this.#options.onProblem(this.problem)
  }

  #named(text: string): string {
    return `${nameOf(this.#options.location)}: ${text}`
  }

  #unavailable(): GatewayError {
    return this.#failure ? new GatewayError('ARCHIVE_FAILED', this.#failure.message) : this.#failed('closed')
  }

  #failed(text: string): GatewayError {
    return new GatewayError('ARCHIVE_FAILED', this.#named(text))
  }
}
