/** The configuration: its one schema, the rules between keys, and the typed result. See docs/configuration.md. */
import { resolve } from 'node:path'
import { z } from 'zod'
import type { StoreLocation } from './archive/open-store.ts'
import { parsePostgresUrl } from './archive/postgres-url.ts'
import { configError, type Environment, type KeyPath, type Problem, readSources } from './config-source.ts'
import { parseJid } from './stanza/jid.ts'
import type { FriendId, LobbyId } from './util/ids.ts'

/** An address to listen on or to hand out. Port 0 lets the system choose. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** The embedded XMPP server. */
export interface XmppServerConfig {
  readonly domain: string
  readonly listen: Endpoint
  /** Where clients begin with TLS at once; null for nowhere. */
  readonly directTls: Endpoint | null
  /** Absolute paths; null for no TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | null
  readonly auth: 'anonymous' | 'accounts' | 'both'
  /** Whoever can connect may make an account. */
  readonly registration: boolean
}

/** A host server of which this gateway is a component (XEP-0114). */
export interface ComponentConfig {
  /** Loopback only: the secret and all that is said go there in clear. */
  readonly host: string
  readonly port: number
  readonly secret: string
}

export interface RetroshareConfig {
  /** Name of profile and location when they are made, at first start. */
  readonly name: string
  readonly listen: Endpoint
  /** Put into invites; null for what is listened on. */
  readonly advertise: Endpoint | null
  /** Lobbies to join at start. */
  readonly autojoin: readonly LobbyId[]
  /** Friends whose invitations are accepted without asking. */
  readonly acceptInvites: 'all' | readonly FriendId[]
  /** Whether identities are linked to the profile: in lobbies that are named here, and in all others. */
  readonly identities: {
    readonly default: z.output<typeof linking>
    readonly lobbies: Readonly<Record<string, z.output<typeof linking>>>
  }
}

/** Everything that can be configured, judged and normalised. */
export interface Config {
  /** Absolute path of the folder that holds all state. */
  readonly data: string
  readonly archive: {
    /** Where messages and all other state but keys are. */
    readonly location: StoreLocation
    /** Messages older than this are pruned; 0 keeps them for ever. */
    readonly retentionMs: number
  }
  readonly xmpp: {
    /** Address of the MUC service. */
    readonly domain: string
    /** Bare JIDs that own every room. */
    readonly admins: readonly string[]
    readonly statusUrls: readonly string[]
    /** Null turns it off; then there is a component. */
    readonly server: XmppServerConfig | null
    /** Null when there is no host server. */
    readonly component: ComponentConfig | null
  }
  readonly http: {
    readonly listen: Endpoint
    /** Address under which clients reach `listen`, without slash at the end; null for `listen` itself. */
    readonly publicUrl: string | null
    /** Bearer token of the pages and the API; null only on loopback. */
    readonly token: string | null
    /** REST calls of the Ethora chat component are answered. */
    readonly ethora: boolean
  }
  /** Null turns the network off. */
  readonly retroshare: RetroshareConfig | null
  readonly limits: Limits
  readonly log: { readonly level: LogLevel }
}

export type LogLevel = (typeof LOG_LEVELS)[number]
export type Limits = Readonly<z.output<typeof limits>>

/** Least severe last but one; `silent` writes nothing. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 }
const UNIT_BYTES: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }
const NOT_AVAILABLE = 'is not available in this version'
const EXPECTED_STORE = 'expected sqlite:FILE or postgres://user:password@host:port/database'

/** Only this machine can reach an address on `host`. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)

/** A text that `convert` turns into a value, or into undefined when it is not what was `expected`. */
const converted = <T>(expected: string, convert: (text: string) => T | undefined) =>
  z.string(`expected ${expected}`).transform((text, context) => {
    const value = convert(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: `expected ${expected}` })
    return z.NEVER
  })

/** `host:port` or `[address]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  return host !== undefined && port <= 65_535 ? { host, port } : undefined
}

const port = converted('a port from 1 to 65535', (text) =>
  /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined,
)
const endpoint = converted('host:port, such as 127.0.0.1:5222 or [::1]:5222', parseEndpoint)
const domain = converted('a domain name', (text) => {
  const jid = parseJid(text)
  return jid?.local === '' && jid.resource === '' ? jid.domain : undefined
})
const bareJid = converted('a bare JID, such as ann@example.org', (text) => {
  const jid = parseJid(text)
  return jid && jid.local !== '' && jid.resource === '' ? jid.bare : undefined
})
const durationMs = converted('days or hours, such as 365d or 12h, or 0 for ever', (text) => {
  const match = /^(?:0|([1-9]\d{0,5})([dh]))$/.exec(text)
  return match ? Number(match[1] ?? 0) * (UNIT_MS[match[2] ?? ''] ?? 0) : undefined
})
const lobbyId = converted('a lobby id of 16 hex digits', (text) =>
  /^[0-9a-fA-F]{16}$/.test(text) ? (text.toLowerCase() as LobbyId) : undefined,
)
const friendId = converted('a friend id of 32 hex digits', (text) =>
  /^[0-9a-fA-F]{32}$/.test(text) ? (text.toLowerCase() as FriendId) : undefined,
)
const token = converted('letters, digits and any of -._~+/ with = only at the end', (text) =>
  /^[A-Za-z0-9._~+/-]+=*$/.test(text) ? text : undefined,
)
const httpUrl = converted('an http or https address, such as https://chat.example.org', (text) => {
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  return isPlain ? url.href.replace(/\/+$/, '') : undefined
})
const yesNo = converted('true or false', (text) =>
  text === 'true' || text === 'false' ? text === 'true' : undefined,
)
const byteCount = converted('KiB, MiB or GiB, such as 256MiB, or 0 for none', (text) => {
  const match = /^(?:0|([1-9]\d{0,5})([KMG])iB)$/.exec(text)
  return match ? Number(match[1] ?? 0) * (UNIT_BYTES[match[2] ?? ''] ?? 0) : undefined
})
const profileName = converted('1 to 64 characters without control characters or < > ( )', (text) =>
  /^[^\p{C}<>()]{1,64}$/u.test(text) && text.trim() === text ? text : undefined,
)
const filePath = z.string('expected a file').min(1, 'expected a file')
const storeLocation = z.string().transform((text, context): StoreLocation => {
  const file = /^sqlite:(?!:)(?:\/\/(?=\/))?([^\0?]+)$/.exec(text)?.[1]
  if (file !== undefined) return { kind: 'sqlite', file }
  const postgres = /^postgres(?:ql)?:/.test(text) ? parsePostgresUrl(text) : { problem: EXPECTED_STORE }
  if (!('problem' in postgres)) return { kind: 'postgres', postgres }
  context.addIssue({ code: 'custom', message: postgres.problem })
  return z.NEVER
})

/** A section that a later version fills: its keys are known, setting it is refused. */
const unavailable = (...keys: string[]) =>
  z
    .looseObject(Object.fromEntries(keys.map((key) => [key, z.unknown().optional()])))
    .nullable()
    .default(null)
    .refine((value) => value === null, NOT_AVAILABLE)

const server = z
  .strictObject({
    domain: domain.prefault('localhost'),
    listen: endpoint.prefault('127.0.0.1:5222'),
    auth: z.enum(['anonymous', 'accounts', 'both']).default('anonymous'),
    registration: yesNo.prefault('false'),
    tls: z.strictObject({ cert: filePath, key: filePath }).nullable().default(null),
    directTls: endpoint.nullable().default(null),
  })
  .superRefine(({ listen, directTls, tls, auth, registration }, context) => {
    const refuse = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message })
    if (registration && auth === 'anonymous')
      refuse('registration', 'needs xmpp.server.auth accounts or both')
    if (directTls && !tls) refuse('directTls', 'needs xmpp.server.tls')
    for (const [key, address] of Object.entries({ listen, directTls })) {
      if (!address || isLoopback(address.host)) continue
      if (auth !== 'accounts')
        refuse('auth', `${auth} is refused, as xmpp.server.${key} is ${address.host}, which is not loopback`)
      if (!tls && key === 'listen')
        refuse('tls', `is required, as xmpp.server.listen is ${address.host}, which is not loopback`)
    }
  })

const component = z.strictObject({
  host: z
    .string()
    .refine(
      isLoopback,
      'must be this machine (127.0.0.1, ::1 or localhost): the link has no TLS; use a tunnel',
    )
    .default('127.0.0.1'),
  port: port.prefault('5347'),
  secret: z
    .string('is required: the one that the host server has for this component')
    .min(1, 'must not be empty'),
})

const xmpp = z
  .strictObject({
    domain: domain.prefault('lobbies.localhost'),
    admins: z.array(bareJid).default([]),
    statusUrls: z.array(httpUrl).default([]),
    server: server.nullable().prefault({}),
    component: component.nullable().default(null),
  })
  .superRefine((value, context) => {
    if (value.server === null && value.component === null)
      context.addIssue({
        code: 'custom',
        path: ['server'],
        message: 'null needs xmpp.component: nothing would speak XMPP',
      })
    else if (value.server?.domain === value.domain)
      context.addIssue({ code: 'custom', path: ['domain'], message: 'must differ from xmpp.server.domain' })
  })

const http = z
  .strictObject({
    listen: endpoint.prefault('127.0.0.1:5280'),
    publicUrl: httpUrl.nullable().default(null),
    token: token.nullable().default(null),
    ethora: yesNo.prefault('false'),
  })
  .superRefine(({ listen, token }, context) => {
    if (token === null && !isLoopback(listen.host))
      context.addIssue({
        code: 'custom',
        path: ['token'],
        message: `is required, as http.listen is ${listen.host}, which is not loopback`,
      })
  })

const linking = z.enum(['anonymous', 'linked', 'never'])
const retroshare = z.strictObject({
  name: profileName.prefault('Foyer'),
  listen: endpoint.prefault('127.0.0.1:7812'),
  advertise: endpoint
    .refine(({ port }) => port !== 0, 'expected a port from 1 to 65535')
    .nullable()
    .default(null),
  autojoin: z.array(lobbyId).default([]),
  acceptInvites: z
    .union([z.literal('all'), z.array(friendId)], 'expected all, or a list of friend ids')
    .default([]),
  identities: z
    .strictObject({ default: linking.default('anonymous'), lobbies: z.record(lobbyId, linking).default({}) })
    .prefault({}),
})

const limits = z.strictObject({
  files: byteCount.prefault('256MiB'),
  uploads: byteCount.prefault('256MiB'),
})

const schema = z.strictObject({
  data: z.string().min(1, 'expected a folder').default('./data'),
  archive: z
    .strictObject({
      url: storeLocation.prefault('sqlite:foyer.db'),
      retention: durationMs.prefault('365d'),
    })
    .prefault({}),
  xmpp: xmpp.prefault({}),
  http: http.prefault({}),
  retroshare: retroshare.nullable().prefault({}),
  tox: unavailable('listen'),
  links: z.array(z.unknown()).max(0, NOT_AVAILABLE).default([]),
  limits: limits.prefault({}),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({}),
})

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly anyOf?: readonly SchemaNode[]
}

const pathsOf = (node: SchemaNode): string[][] => [
  ...(node.anyOf ?? []).flatMap(pathsOf),
  ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
    [name],
    ...pathsOf(child).map((path) => [name, ...path]),
  ]),
]

/** Every key that the configuration has, sections included. */
export const configKeys = (): readonly KeyPath[] =>
  pathsOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode)

function problemsOf(issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String)
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...path, key], text: 'no key of this name' }))
      : [{ path, text: issue.message }]
  })
}

const inFolder = (location: StoreLocation, data: string): StoreLocation =>
  location.kind === 'sqlite' ? { ...location, file: resolve(data, location.file) } : location

/**
 * The configuration from defaults, then `file` (or `FOYER_CONFIG`), then `FOYER_` variables, then `dataOverride`
 * for the key `data`. Throws `CONFIG_UNREADABLE`, or `CONFIG_INVALID` with a line for every problem.
 */
export function loadConfig(sources: {
  readonly file?: string | undefined
  readonly env: Environment
  readonly dataOverride?: string | undefined
}): Config {
  const raw = readSources(sources.file ?? sources.env.FOYER_CONFIG, sources.env, configKeys())
  const parsed = schema.safeParse(raw.tree ?? {})
  const problems = [...raw.problems, ...problemsOf(parsed.error?.issues ?? [])]
  if (!parsed.success || problems.length > 0) throw configError(raw, problems)
  const { archive, xmpp, http, retroshare, limits, log } = parsed.data
  const data = resolve(sources.dataOverride ?? parsed.data.data)
  return {
    data,
    archive: { location: inFolder(archive.url, data), retentionMs: archive.retention },
    xmpp: {
      ...xmpp,
      server: xmpp.server && {
        domain: xmpp.server.domain,
        listen: xmpp.server.listen,
        directTls: xmpp.server.directTls,
        tls: xmpp.server.tls && { cert: resolve(xmpp.server.tls.cert), key: resolve(xmpp.server.tls.key) },
        auth: xmpp.server.auth,
        registration: xmpp.server.registration,
      },
    },
    http,
    retroshare,
    limits,
    log,
  }
}
