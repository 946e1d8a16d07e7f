/** Kinds of values in the configuration: how each is written, and what it becomes. */
import { z } from 'zod'
import type { StoreLocation } from './archive/open-store.ts'
import { parsePostgresUrl } from './archive/postgres-url.ts'
import { networkPolicy } from './bridge/to-lobby.ts'
import { RETROSHARE_LIMITS } from './retroshare/lobby-limits.ts'
import { normalizeResource, parseJid } from './stanza/jid.ts'
import type { FriendId, LobbyId } from './util/ids.ts'

/** An address to listen on or to hand out. Port 0 lets the system choose. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 }
const UNIT_BYTES: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }
const EXPECTED_STORE = 'sqlite:FILE or postgres://user:password@host:port/database'

/** Only this machine can reach an address on `host`. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)

/** A text that `convert` turns into a value, or into undefined when it is not what was `expected`. */
const converted = <T>(expected: string, convert: (text: string) => T | undefined) =>
  z
    .string(`expected ${expected}`)
    .transform((text, context) => {
      const value = convert(text)
      if (value !== undefined) return value
      context.addIssue({ code: 'custom', message: `expected ${expected}` })
      return z.NEVER
    })
    .meta({ expected })

/** `host:port` or `[address]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  return host !== undefined && port <= 65_535 ? { host, port } : undefined
}

export const port = converted('a port from 1 to 65535', (text) =>
  /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined,
)

/** Where to listen, or what to hand out. */
export const endpoint = converted('host:port, such as 127.0.0.1:5222 or [::1]:5222', parseEndpoint)

export const domain = converted('a domain name', (text) => {
  const jid = parseJid(text)
  return jid?.local === '' && jid.resource === '' ? jid.domain : undefined
})

/** Somebody's address, without resource, normalised. */
export const bareJid = converted('a bare JID, such as ann@example.org', (text) => {
  const jid = parseJid(text)
  return jid && jid.local !== '' && jid.resource === '' ? jid.bare : undefined
})

/** Milliseconds; 0 has no end. */
export const durationMs = converted('days or hours, such as 365d or 12h, or 0 for ever', (text) => {
  const match = /^(?:0|([1-9]\d{0,5})([dh]))$/.exec(text)
  return match ? Number(match[1] ?? 0) * (UNIT_MS[match[2] ?? ''] ?? 0) : undefined
})

export const lobbyId = converted('a lobby id of 16 hex digits', (text) =>
  /^[0-9a-fA-F]{16}$/.test(text) ? (text.toLowerCase() as LobbyId) : undefined,
)

export const friendId = converted('a friend id of 32 hex digits', (text) =>
  /^[0-9a-fA-F]{32}$/.test(text) ? (text.toLowerCase() as FriendId) : undefined,
)

/** A nick that RetroShare takes, of an XMPP user. */
export const identityNick = converted('a nickname of up to 30 characters and 50 bytes', (text) => {
  const nick = normalizeResource(text)
  return nick === undefined || networkPolicy(RETROSHARE_LIMITS).refusesNick(nick) ? undefined : nick
})

/** What a browser can send in a header and in a cookie as it is. */
export const token = converted('letters, digits and any of -._~+/ with = only at the end', (text) =>
  /^[A-Za-z0-9._~+/-]+=*$/.test(text) ? text : undefined,
)

/** An address on the web, without slash at the end. */
export const httpUrl = converted('an http or https address, such as https://chat.example.org', (text) => {
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  return isPlain ? url.href.replace(/\/+$/, '') : undefined
})

/** Where web pages come from, as browsers say it (RFC 6454 §6.2). */
export const webOrigin = converted('the begin of addresses, such as https://example.org', (text) => {
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
  return url && url.href === `${url.origin}/` ? url.origin : undefined
})

export const yesNo = converted('true or false', (text) =>
  text === 'true' || text === 'false' ? text === 'true' : undefined,
)

export const byteCount = converted('KiB, MiB or GiB, such as 256MiB, or 0 for none', (text) => {
  const match = /^(?:0|([1-9]\d{0,5})([KMG])iB)$/.exec(text)
  return match ? Number(match[1] ?? 0) * (UNIT_BYTES[match[2] ?? ''] ?? 0) : undefined
})

/** What RetroShare takes as the name of a profile. */
export const profileName = converted('1 to 64 characters without control characters or < > ( )', (text) =>
  /^[^\p{C}<>()]{1,64}$/u.test(text) && text.trim() === text ? text : undefined,
)

export const filePath = z
  .string({ error: ({ input }) => (input === undefined ? 'is required: a file' : 'expected a file') })
  .min(1, 'expected a file')
  .meta({ expected: 'a file' })

export const folderPath = z
  .string('expected a folder')
  .min(1, 'expected a folder')
  .meta({ expected: 'a folder' })

/** Where the database is; why it was refused says `parsePostgresUrl`. */
export const storeLocation = z
  .string(`expected ${EXPECTED_STORE}`)
  .transform((text, context): StoreLocation => {
    const file = /^sqlite:(?!:)(?:\/\/(?=\/))?([^\0?]+)$/.exec(text)?.[1]
    if (file !== undefined) return { kind: 'sqlite', file }
    const postgres = /^postgres(?:ql)?:/.test(text)
      ? parsePostgresUrl(text)
      : { problem: `expected ${EXPECTED_STORE}` }
    if (!('problem' in postgres)) return { kind: 'postgres', postgres }
    context.addIssue({ code: 'custom', message: postgres.problem })
    return z.NEVER
  })
  .meta({ expected: EXPECTED_STORE })
