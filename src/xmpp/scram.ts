/** Passwords and the server side of SCRAM, with channel binding: RFC 5802, RFC 7677, RFC 4013. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { fail, ok, type Result } from '../util/result.ts'
import type { ScramCredentials, ScramKeys } from './account-port.ts'
import type { ChannelBindings } from './tls/channel-binding.ts'

/** `SCRAM-SHA-1` and `SCRAM-SHA-256` by the names of their hash functions. */
export type ScramHash = 'sha1' | 'sha256'

/** Rounds of PBKDF2 for new credentials: slow enough to hinder guessing, fast enough for clients in script. */
export const SCRAM_ITERATIONS = 10_000

const SALT_BYTES = 16
const KEY_BYTES: Readonly<Record<ScramHash, number>> = { sha1: 20, sha256: 32 }
const derive = promisify(pbkdf2)

/**
 * A password as SASLprep makes it (RFC 4013), or undefined when it is empty, longer than 1023 characters or holds what
 * is prohibited. Bidirectional checks and the freeze at Unicode 3.2 are left out, as in most clients.
 */
export function preparePassword(text: string): string | undefined {
  const password = text
    .replace(/\u00AD|\u034F|\u1806|[\u180B-\u180D]|[\u200B-\u200D]|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu, '')
    .replace(/\p{Zs}/gu, ' ')
    .normalize('NFKC')
  return password !== '' &&
    password.length <= 1023 &&
    !/[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\uFFF9-\uFFFD]/u.test(password)
    ? password
    : undefined
}

/**
 * Credentials of a new password, for SHA-1 and SHA-256; undefined when the password cannot be used (`preparePassword`).
 * Takes some 10 ms on another thread.
 */
export async function makeCredentials(
  password: string,
  salt: Uint8Array = randomBytes(SALT_BYTES),
  iterations: number = SCRAM_ITERATIONS,
): Promise<ScramCredentials | undefined> {
  const prepared = preparePassword(password)
  if (prepared === undefined) return undefined
  const [sha1, sha256] = await Promise.all([
    deriveKeys('sha1', prepared, salt, iterations),
    deriveKeys('sha256', prepared, salt, iterations),
  ])
  return { salt, iterations, sha1, sha256 }
}

/** Credentials of which nobody knows a password. */
export function lockedCredentials(): ScramCredentials {
  const keys = (bytes: number): ScramKeys => ({
    storedKey: randomBytes(bytes),
    serverKey: randomBytes(bytes),
  })
  return {
    salt: randomBytes(SALT_BYTES),
    iterations: SCRAM_ITERATIONS,
    sha1: keys(KEY_BYTES.sha1),
    sha256: keys(KEY_BYTES.sha256),
  }
}

async function deriveKeys(
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<ScramKeys> {
  const salted = await derive(password, salt, iterations, KEY_BYTES[hash], hash)
  return {
    storedKey: createHash(hash)
      .update(hmac(hash, salted, 'Client Key'))
      .digest(),
    serverKey: hmac(hash, salted, 'Server Key'),
  }
}

/** Whether `password` is the one the credentials were made from. Takes some 5 ms on another thread. */
export async function verifyPassword(password: string, credentials: ScramCredentials): Promise<boolean> {
  const prepared = preparePassword(password)
  const keys = await deriveKeys('sha256', prepared ?? '', credentials.salt, credentials.iterations)
  return prepared !== undefined && timingSafeEqual(keys.storedKey, credentials.sha256.storedKey)
}

/** Credentials of an account that does not exist: always the same for one name, and no password fits (RFC 5802 §9). */
export function decoyCredentials(secret: Uint8Array, account: string): ScramCredentials {
  const bytes = (purpose: string): Buffer => hmac('sha256', secret, `${purpose}:${account}`)
  const keys = (hash: ScramHash): ScramKeys => ({
    storedKey: bytes(`${hash} stored`).subarray(0, KEY_BYTES[hash]),
    serverKey: bytes(`${hash} server`).subarray(0, KEY_BYTES[hash]),
  })
  return {
    salt: bytes('salt').subarray(0, SALT_BYTES),
    iterations: SCRAM_ITERATIONS,
    sha1: keys('sha1'),
    sha256: keys('sha256'),
  }
}

/** Why an exchange cannot go on; names are those of SASL failures (RFC 6120 §6.5). */
export type ScramFailure = 'invalid-mechanism' | 'malformed-request' | 'not-authorized'

/** Who wants to log in, from the client's first message. */
export interface ScramClient {
  readonly username: string
  /** Empty when the client named none. */
  readonly authzid: string
}

/** How a login is tied to its connection. */
export interface ScramChannel {
  /** What the connection has; empty without TLS. */
  readonly bindings: ChannelBindings
  /** The client chose a mechanism that ends in -PLUS: it must use one of them. */
  readonly isBound: boolean
}

const NO_CHANNEL: ScramChannel = { bindings: new Map(), isBound: false }

const FIRST = /^((n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,]*))?,)(n=([^,]*),r=([!-+\--~]+)(?:,[^m].*)?)$/s
const FINAL = /^(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)(?:,[^p].*)?),p=([A-Za-z0-9+/=]+)$/s

/** One SCRAM exchange: `first`, `challenge`, `final`, in this order. */
export class ScramExchange {
  readonly #hash: ScramHash
  readonly #channel: ScramChannel
  readonly #serverNonce: string
  /** What the client must repeat: its gs2-header, and the data of the binding. */
  #binding = Buffer.alloc(0)
  #clientFirstBare = ''
  #nonce = ''
  #serverFirst = ''
  #keys: ScramKeys | undefined

  /** `serverNonce`: printable ASCII without commas, new for each exchange. */
  constructor(
    hash: ScramHash,
    channel: ScramChannel = NO_CHANNEL,
    serverNonce: string = randomBytes(18).toString('base64'),
  ) {
    this.#hash = hash
    this.#channel = channel
    this.#serverNonce = serverNonce
  }

  /** Reads client-first-message. */
  first(message: string): Result<ScramClient, ScramFailure> {
    const match = FIRST.exec(message)
    const [, gs2Header = '', flag, type, encodedAuthzid = '', bare = '', name = '', nonce] = match ?? []
    const username = unescapeName(name)
    const authzid = unescapeName(encodedAuthzid)
    if (!match || username === undefined || username === '' || authzid === undefined)
      return fail('malformed-request')
    const { bindings, isBound } = this.#channel
    if (isBound !== (type !== undefined)) return fail('malformed-request')
    const data = type === undefined ? undefined : bindings.get(type)
    if (isBound && data === undefined) return fail('invalid-mechanism')
    // The client has channel binding and was told that the server has none: somebody is in between (RFC 5802 §6).
    if (flag === 'y' && bindings.size > 0) return fail('not-authorized')
    this.#binding = Buffer.concat([Buffer.from(gs2Header), data ?? Buffer.alloc(0)])
    this.#clientFirstBare = bare
    this.#nonce = `${nonce}${this.#serverNonce}`
    return ok({ username, authzid })
  }

  /** server-first-message for the credentials of that user. */
  challenge(credentials: ScramCredentials): string {
    this.#keys = credentials[this.#hash]
    const salt = Buffer.from(credentials.salt).toString('base64')
    this.#serverFirst = `r=${this.#nonce},s=${salt},i=${credentials.iterations}`
    return this.#serverFirst
  }

  /** Checks client-final-message; the value is server-final-message. */
  final(message: string): Result<string, ScramFailure> {
    const match = FINAL.exec(message)
    if (!match || !this.#keys) return fail('malformed-request')
    const [, withoutProof, binding, nonce, proof] = match
    if (binding !== this.#binding.toString('base64') || nonce !== this.#nonce) return fail('not-authorized')
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`
    const signature = hmac(this.#hash, this.#keys.storedKey, authMessage)
    const clientKey = Buffer.from(proof ?? '', 'base64')
    if (clientKey.length !== signature.length) return fail('not-authorized')
    for (let i = 0; i < clientKey.length; i++) clientKey[i] = (clientKey[i] ?? 0) ^ (signature[i] ?? 0)
    const storedKey = createHash(this.#hash).update(clientKey).digest()
    if (!timingSafeEqual(storedKey, this.#keys.storedKey)) return fail('not-authorized')
    return ok(`v=${hmac(this.#hash, this.#keys.serverKey, authMessage).toString('base64')}`)
  }
}

const hmac = (hash: ScramHash, key: Uint8Array, text: string): Buffer =>
  createHmac(hash, key).update(text).digest()

/** saslname of RFC 5802 §7: `=2C` and `=3D` are the only escapes. */
function unescapeName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined
  return text.replace(/=2C/g, ',').replace(/=3D/g, '=')
}
