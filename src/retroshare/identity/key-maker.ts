/** Makes RSA-2048 key pairs in the background, so that a new identity need not wait for one. docs/retroshare.md §7.1. */
import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { GatewayError } from '../../util/errors.ts'

/** An RSA key pair of a GXS identity. */
export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** Bounds of a key maker. */
export interface KeyMakerOptions {
  /** Key pairs kept ready; default 4. */
  readonly maxReady?: number
  /** Callers that may wait at one time; default 256. */
  readonly maxWaiting?: number
}

interface Waiting {
  resolve(pair: KeyPair): void
  reject(error: unknown): void
}

const GXS_KEY_BITS = 2048
const makeKeyPair = promisify(generateKeyPair)

/**
 * One key pair at a time is made, in the thread pool, for who waits longest or for the stock.
 * The stock is filled from the first `take` on.
 */
export class KeyMaker {
  readonly #maxReady: number
  readonly #maxWaiting: number
  readonly #ready: KeyPair[] = []
  readonly #waiting = new Set<Waiting>()
  #isMaking = false
  #isClosed = false

  constructor(options: KeyMakerOptions = {}) {
    this.#maxReady = options.maxReady ?? 4
    this.#maxWaiting = options.maxWaiting ?? 256
  }

  /** Key pairs ready to be taken at once. */
  get ready(): number {
    return this.#ready.length
  }

  /**
   * A key pair nobody else gets. Rejects with `KEY_MAKER_FULL`, `KEY_MAKER_CLOSED`, `KEY_MAKER_FAILED` (the library
   * made none), or with the signal's reason.
   */
  async take(signal?: AbortSignal): Promise<KeyPair> {
    signal?.throwIfAborted()
    if (this.#isClosed) throw closed()
    const pair = this.#ready.shift()
    if (!pair && this.#waiting.size >= this.#maxWaiting)
      throw new GatewayError('KEY_MAKER_FULL', `${this.#maxWaiting} callers wait for a key already`)
    this.#work()
    return pair ?? (await this.#wait(signal))
  }

  /** Refuses all who wait and will come. A key pair in the making is thrown away. */
  close(): void {
    this.#isClosed = true
    this.#ready.length = 0
    for (const waiting of this.#waiting) waiting.reject(closed())
  }

  #wait(signal?: AbortSignal): Promise<KeyPair> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiting.reject(signal?.reason)
      const leave = (): void => {
        this.#waiting.delete(waiting)
        signal?.removeEventListener('abort', onAbort)
      }
      const waiting: Waiting = {
        resolve: (pair) => {
          leave()
          resolve(pair)
        },
        reject: (error) => {
          leave()
          reject(error)
        },
      }
      this.#waiting.add(waiting)
      signal?.addEventListener('abort', onAbort)
    })
  }

  /** Makes a pair unless one is being made or none is wanted; a caller that begins to wait in this turn counts. */
  #work(): void {
    if (this.#isMaking) return
    this.#isMaking = true
    makeKeyPair('rsa', { modulusLength: GXS_KEY_BITS }).then(
      (pair) => this.#made(pair),
      (cause) => this.#failed(cause),
    )
  }

  #made(pair: KeyPair): void {
    this.#isMaking = false
    const [first] = this.#waiting
    if (first) first.resolve(pair)
    else if (!this.#isClosed && this.#ready.length < this.#maxReady) this.#ready.push(pair)
    if (!this.#isClosed && (this.#waiting.size > 0 || this.#ready.length < this.#maxReady)) this.#work()
  }

  #failed(cause: unknown): void {
    this.#isMaking = false
    for (const waiting of this.#waiting)
      waiting.reject(new GatewayError('KEY_MAKER_FAILED', 'no RSA key could be made', { cause }))
  }
}

const closed = (): GatewayError => new GatewayError('KEY_MAKER_CLOSED', 'no further keys are made')
