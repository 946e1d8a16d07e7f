/** SASL on the server: which mechanisms there are and one exchange of each (RFC 6120 §6, RFC 4505, RFC 4616, RFC 5802). */
import { randomBytes } from 'node:crypto'
import { normalizeLocal } from '../stanza/jid.ts'
import type { AccountStore, ScramCredentials } from './account-port.ts'
import type { LoginThrottle } from './login-throttle.ts'
import { decoyCredentials, ScramExchange, verifyPassword } from './scram.ts'
import type { ChannelBindings } from './tls/channel-binding.ts'
import type { WorkLimit } from './work-limit.ts'

/** Who may log in: anybody under a random name, holders of accounts, or both. */
export type AuthPolicy = 'anonymous' | 'accounts' | 'both'

/** Defined conditions of RFC 6120 §6.5 that this server sends. */
export type SaslCondition =
  | 'aborted'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'not-authorized'
  | 'temporary-auth-failure'

/** What the server says next. `account` is a localpart; the text of `success` is additional data, perhaps empty. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly text: string }
  | {
      readonly kind: 'success'
      readonly account: string
      readonly isAnonymous: boolean
      readonly text: string
    }
  | { readonly kind: 'failure'; readonly condition: SaslCondition; readonly account?: string }

/** What exchanges need of the server. */
export interface SaslEnv {
  readonly domain: string
  readonly policy: AuthPolicy
  readonly accounts: AccountStore
  readonly throttle: LoginThrottle
  readonly wait: (ms: number) => Promise<void>
  /** Bounds how many passwords are checked at the same time. */
  readonly passwordChecks: WorkLimit
  /** Key of the salts of accounts that do not exist, random, 32 bytes. */
  readonly decoySecret: Uint8Array
}

/** The connection that a login is made on. */
export interface LoginChannel {
  /** IP address of the client. */
  readonly address: string
  /** Undefined without TLS. */
  readonly bindings: ChannelBindings | undefined
}

/** Offered in this order, the strongest first. `hasBindings`: a login can be tied to its connection. */
export function mechanismsOf(policy: AuthPolicy, hasBindings: boolean): readonly string[] {
  const accounts = [
    ...(hasBindings ? ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS'] : []),
    'SCRAM-SHA-256',
    'SCRAM-SHA-1',
    'PLAIN',
  ]
  if (policy === 'accounts') return accounts
  return policy === 'anonymous' ? ['ANONYMOUS'] : [...accounts, 'ANONYMOUS']
}

/** One exchange: `respond` with each message of the client until it gives `success` or `failure`. */
export interface SaslExchange {
  /** `message` is undefined when `<auth/>` brought no initial response. Rejects when the account store fails. */
  respond(message: Uint8Array | undefined): Promise<SaslStep>
}

/** Starts an exchange; undefined when the mechanism is not offered. */
export function startExchange(
  mechanism: string,
  env: SaslEnv,
  channel: LoginChannel,
): SaslExchange | undefined {
  const bindings: ChannelBindings = channel.bindings ?? new Map()
  if (!mechanismsOf(env.policy, bindings.size > 0).includes(mechanism)) return undefined
  const isBound = mechanism.endsWith('-PLUS')
  switch (mechanism) {
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-256-PLUS':
      return scramExchange(new ScramExchange('sha256', { bindings, isBound }), env, channel.address)
    case 'SCRAM-SHA-1':
    case 'SCRAM-SHA-1-PLUS':
      return scramExchange(new ScramExchange('sha1', { bindings, isBound }), env, channel.address)
    case 'PLAIN':
      return plainExchange(env, channel.address)
    default:
      return { respond: async () => anonymousSuccess() } // RFC 4505: the trace information is ignored
  }
}

const failure = (condition: SaslCondition, account?: string): SaslStep => ({
  kind: 'failure',
  condition,
  ...(account !== undefined && { account }),
})

/** Names of guests have 80 random bits: nobody gets one twice. */
function anonymousSuccess(): SaslStep {
  const account = Array.from(randomBytes(16), (byte) => (byte & 31).toString(32)).join('')
  return { kind: 'success', account, isAnonymous: true, text: '' }
}

function plainExchange(env: SaslEnv, address: string): SaslExchange {
  const respond = async (message: Uint8Array | undefined): Promise<SaslStep> => {
    if (!message) return { kind: 'challenge', text: '' }
    const [authzid, name, password, ...rest] = decode(message)?.split('\0') ?? []
    if (authzid === undefined || name === undefined || password === undefined || rest.length > 0)
      return failure('malformed-request')
    const account = normalizeLocal(name)
    if (account === undefined) return failure('not-authorized')
    if (!isAuthzidOf(authzid, account, env.domain)) return failure('invalid-authzid')
    if (env.throttle.isBlocked(address, account)) return failure('temporary-auth-failure', account)
    await delay(env, address, account)
    const { credentials, isReal } = await credentialsOf(env, account)
    const isRight = await env.passwordChecks.run(() => verifyPassword(password, credentials))
    if (isRight === undefined) return failure('temporary-auth-failure', account)
    return isRight && isReal
      ? { kind: 'success', account, isAnonymous: false, text: '' }
      : failure('not-authorized', account)
  }
  return { respond }
}

function scramExchange(scram: ScramExchange, env: SaslEnv, address: string): SaslExchange {
  let account: string | undefined
  let isReal = false

  const first = async (text: string): Promise<SaslStep> => {
    const client = scram.first(text)
    if (!client.ok) return failure(client.error)
    const name = normalizeLocal(client.value.username)
    if (name === undefined) return failure('not-authorized')
    if (!isAuthzidOf(client.value.authzid, name, env.domain)) return failure('invalid-authzid')
    if (env.throttle.isBlocked(address, name)) return failure('temporary-auth-failure', name)
    const found = await credentialsOf(env, name)
    account = name
    isReal = found.isReal
    return { kind: 'challenge', text: scram.challenge(found.credentials) }
  }

  const respond = async (message: Uint8Array | undefined): Promise<SaslStep> => {
    if (!message) return { kind: 'challenge', text: '' }
    const text = decode(message)
    if (text === undefined) return failure('malformed-request')
    if (account === undefined) return first(text)
    await delay(env, address, account)
    const final = scram.final(text)
    if (!final.ok) return failure(final.error, account)
    return isReal
      ? { kind: 'success', account, isAnonymous: false, text: final.value }
      : failure('not-authorized', account)
  }
  return { respond }
}

/** Who guesses waits, whether right or wrong. */
async function delay(env: SaslEnv, address: string, account: string): Promise<void> {
  const delayMs = env.throttle.delayMs(address, account)
  if (delayMs > 0) await env.wait(delayMs)
}

/** An unknown account is given a decoy, so that it answers like a known one with another password. */
async function credentialsOf(
  env: SaslEnv,
  account: string,
): Promise<{ credentials: ScramCredentials; isReal: boolean }> {
  const found = await env.accounts.find(account)
  return { credentials: found ?? decoyCredentials(env.decoySecret, account), isReal: found !== undefined }
}

/** Nobody may act for somebody else (RFC 6120 §6.3.8). */
const isAuthzidOf = (authzid: string, account: string, domain: string): boolean =>
  authzid === '' || authzid.toLowerCase() === account || authzid.toLowerCase() === `${account}@${domain}`

function decode(message: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message)
  } catch {
    return undefined
  }
}
