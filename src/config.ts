/** The configuration as the rest of the program has it: loaded, judged and typed. See docs/configuration.md. */
import { resolve } from 'node:path'
import type { z } from 'zod'
import type { StoreLocation } from './archive/open-store.ts'
import { CONFIG_KEYS } from './config-keys.ts'
import { configSchema, type LOG_LEVELS } from './config-schema.ts'
import { configError, type Environment, type Problem, readSources, unknownKey } from './config-source.ts'
import type { Endpoint } from './config-values.ts'
import type { FriendId, LobbyId } from './util/ids.ts'

export { LOG_LEVELS } from './config-schema.ts'
export { type Endpoint, isLoopback, parseEndpoint } from './config-values.ts'

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
  /** Who stays in lobbies while away: by lobby, then bare JID, the nick. */
  readonly staying: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Whether identities are linked to the profile: in lobbies that are named here, and in all others. */
  readonly identities: {
    readonly default: Linking
    readonly lobbies: Readonly<Record<string, Linking>>
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
    /** Who may make rooms by joining. */
    readonly roomCreation: 'everybody' | 'admins'
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
    /** Of pages that may use the WebSocket besides those of this host and machine. */
    readonly origins: readonly string[]
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
export type Limits = Readonly<z.output<typeof configSchema>['limits']>
/** Whether an identity is linked to the profile of this node. */
export type Linking = 'anonymous' | 'linked' | 'never'

const KEY_PATHS = CONFIG_KEYS.map(({ path }) => path)

function problemsOf(issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String)
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey([...path, key], KEY_PATHS))
      : [{ path, text: issue.message }]
  })
}

const inFolder = (location: StoreLocation, data: string): StoreLocation =>
  location.kind === 'sqlite' ? { ...location, file: resolve(data, location.file) } : location

/** What says which configuration is meant. */
export interface ConfigSources {
  readonly file?: string | undefined
  readonly env: Environment
  readonly dataOverride?: string | undefined
}

/** File and variables, with what is wrong. */
function judge(sources: ConfigSources) {
  const raw = readSources(sources.file ?? sources.env.FOYER_CONFIG, sources.env, KEY_PATHS)
  const parsed = configSchema.safeParse(raw.tree ?? {})
  return { raw, parsed, problems: [...raw.problems, ...problemsOf(parsed.error?.issues ?? [])] }
}

/**
 * One part alone, for commands that ask a running gateway: other sections may be wrong, or want secrets that whoever asks
 * may not read. Throws `CONFIG_UNREADABLE`, or `CONFIG_INVALID` for what is wrong in this part or belongs to none.
 */
function loadPart(part: 'data' | 'archive', sources: ConfigSources): unknown {
  const { raw, problems } = judge(sources)
  const isElsewhere = ([first]: Problem['path']): boolean =>
    first !== undefined && first !== part && Object.hasOwn(configSchema.shape, first)
  const here = problems.filter(({ path }) => !isElsewhere(path))
  if (here.length > 0) throw configError(raw, here)
  return (raw.tree as Record<string, unknown> | undefined | null)?.[part]
}

/** The data folder, an absolute path; judges nothing else. Throws as `loadConfig`. */
export const loadDataFolder = (sources: ConfigSources): string =>
  resolve(sources.dataOverride ?? configSchema.shape.data.parse(loadPart('data', sources)))

/** Where messages are; judges nothing but this and `data`. Throws as `loadConfig`. */
export const loadStoreLocation = (sources: ConfigSources): StoreLocation =>
  inFolder(configSchema.shape.archive.parse(loadPart('archive', sources)).url, loadDataFolder(sources))

/**
 * The configuration from defaults, then `file` (or `FOYER_CONFIG`), then `FOYER_` variables, then `dataOverride`
 * for the key `data`. Throws `CONFIG_UNREADABLE`, or `CONFIG_INVALID` with a line for every problem.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { raw, parsed, problems } = judge(sources)
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
