/** The embedded XMPP server: clients over TCP and WebSocket, accounts and guests, stanzas to and from services. */
import { randomBytes } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Jid, parseJid } from '../stanza/jid.ts'
import { DocumentParser, PARSER_LIMITS, ReaderPool } from '../stanza/parser.ts'
import type { Element, PreparedStanza } from '../stanza/xml.ts'
import type { AccountStore } from './account-port.ts'
import { type Account, guestAccount, registeredAccount } from './account-services/account.ts'
import type { ServiceItem } from './account-services/disco.ts'
import { Pep } from './account-services/pep.ts'
import { registration } from './account-services/registration.ts'
import {
  accountServices,
  foreignServices,
  serverServices,
  uploadServices,
} from './account-services/services.ts'
import { AddressLimits } from './address-limits.ts'
import type { BindRefusal } from './bind.ts'
import { BlockLists } from './block-lists.ts'
import { Capabilities } from './capabilities.ts'
import { ClientConnection, type ConnectionEnv, type Wait } from './client-connection.ts'
import { Contacts } from './contacts/contacts.ts'
import { Rosters } from './contacts/rosters.ts'
import { SERVER_LIMITS, type ServerLimits } from './limits.ts'
import { loadOf, type ServerLoad } from './load.ts'
import { isReachable } from './local-delivery.ts'
import { LoginThrottle } from './login-throttle.ts'
import { type Refusal, RefusedConnections } from './refused-connections.ts'
import { type AuthPolicy, startExchange } from './sasl.ts'
import type { Session } from './session.ts'
import { SessionTable } from './session-table.ts'
import { SignUp } from './sign-up.ts'
import { StanzaRouter } from './stanza-router.ts'
import { SleepingSessions } from './stream-management/sleeping-sessions.ts'
import { type ListenAddress, listenTcp, type TcpListener } from './tcp-listener.ts'
import { TcpTransport } from './tcp-transport.ts'
import { ServerTls, type TlsFiles } from './tls/server-tls.ts'
import { Turns } from './turns.ts'
import type { UploadSlots } from './upload-port.ts'
import { attachWebSocketEndpoint, type Callers } from './websocket-endpoint.ts'
import { WebSocketTransport } from './websocket-transport.ts'
import { WorkLimit } from './work-limit.ts'

/** What the server is made of. */
export interface XmppServerOptions {
  /** Its own domain, normalised: the part after @ of its users. */
  readonly domain: string
  readonly listen: ListenAddress
  /** Where TLS begins at once; null for nowhere. */
  readonly directTls: ListenAddress | null
  /** Certificate and key; null for no TLS at all. */
  readonly tls: TlsFiles | null
  /** Nobody on TCP logs in without TLS. */
  readonly isTlsRequired: boolean
  readonly auth: AuthPolicy
  readonly accounts: AccountStore
  /** Domains that take stanzas; listed by service discovery. */
  readonly services: () => readonly ServiceItem[]
  /** Who comes may make an account of any name but the reserved ones; without it only the operator makes accounts. */
  readonly registration?: { readonly isReserved: (account: string) => boolean } | null
  /** Takes files; without it none are taken. */
  readonly upload?: UploadSlots | null
  /** Version of the software, for XEP-0092. */
  readonly version: string
  readonly log: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly limits?: Partial<ServerLimits>
  /** The service or room that a request without an address is for; undefined: the user's own account. */
  readonly meantFor?: (stanza: Element) => string | undefined
  /** A stanza for a service; `from` is the session's full address, in the stanza too, and `to` is normalised. */
  readonly onStanza: (from: Jid, stanza: Element) => void
  /** A session is over, however it ended; once for each. Everything that it sent came before. */
  readonly onSessionEnded: (full: string) => void
  /** A session of this account (bare) has shown itself as available, for the first time or again. */
  readonly onAvailable: (account: string) => void
}

/** A server that was made and may be started once. */
export interface XmppServer {
  /** Listens on TCP. Rejects with `XMPP_LISTEN_FAILED`. */
  start(): Promise<{ readonly port: number; readonly directTlsPort: number | undefined }>
  /** New connections get what is in these files now; if they cannot be used, the log says so and nothing changes. */
  reloadTls(files: TlsFiles): void
  /** Ends all streams with `system-shutdown` and resolves when they are closed, after `closeTimeoutMs` at most. */
  stop(): Promise<void>
  /** To a local user, full or bare address. What cannot be delivered comes back to `onStanza` as an error, later. */
  send(to: string, stanza: Element): void
  /** One serialisation to many sessions; who is not there is passed over. */
  fanout(stanza: PreparedStanza, to: readonly string[]): void
  /** Serves XMPP over WebSocket at `/xmpp-websocket` of an HTTP server, of which it becomes the only upgrade handler. */
  attachWebSocket(server: HttpServer, callers: Callers): void
  hasSession(full: string): boolean
  /** An account (bare) is no more: nobody keeps it as a contact. Never rejects. */
  forgetContact(account: string): Promise<void>
  /** Ends all sessions of an account (bare), with a text for its user: the login that they had is not valid any more. */
  endSessions(account: string, text: string): void
  /** Whether a message to this account (bare) would be delivered now. */
  isReachable(account: string): boolean
  load(): ServerLoad
  /**
   * The account (localpart) that a name and a password are those of, asked for from this network address; undefined when
   * there is none, no accounts may log in, or too many passwords were tried. Tries count as those of logins do.
   */
  accountWith(name: string, password: string, address: string): Promise<string | undefined>
  /** When the certificate in use ends, in ms since 1970; `NaN` without one. */
  readonly certificateUntilMs: number
}

const SWEEP_MS = 500
const PASSWORD_CHECKS = { running: 2, waiting: 100 }

/** Throws `XMPP_TLS_UNUSABLE`. */
export function createXmppServer(options: XmppServerOptions): XmppServer {
  const { domain, accounts, log, now, services } = options
  const limits: ServerLimits = { ...SERVER_LIMITS, ...options.limits }
  const tls = options.tls ? new ServerTls(options.tls, domain, log, now) : undefined
  const sessions = new SessionTable()
  const turns = new Turns()
  const frames = new DocumentParser({ ...PARSER_LIMITS, maxStanzaBytes: limits.maxStanzaBytes })
  const connections = new Set<ClientConnection>()
  const addresses = new AddressLimits(limits, now)
  const refused = new RefusedConnections(domain)
  const waiting: Readonly<Record<Wait, Set<ClientConnection>>> = {
    login: new Set(),
    acknowledgement: new Set(),
    end: new Set(),
  }
  let whenEmpty = (): void => {}
  let isStopping = false
  let sweeper: NodeJS.Timeout | undefined

  const newId = (): string => randomBytes(12).toString('base64url')
  const pep = new Pep({ sessions, newId })
  const lists = new BlockLists(sessions, log)
  const rosters = new Rosters(sessions, log)
  const contacts = new Contacts({
    domain,
    sessions,
    rosters,
    lists,
    log,
    registered: async (local) => {
      const jid = new Jid(local, domain)
      return (await accounts.find(local)) && registeredAccount(jid, accounts)
    },
    toService: options.onStanza,
    newId,
  })
  const capabilities = new Capabilities(now)

  function setInterests(session: Session, interests: ReadonlySet<string> | undefined): void {
    if (!interests) return
    session.interests = interests
    pep.interested(session).catch((error: unknown) => {
      log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
    })
  }

  const passwordChecks = new WorkLimit(PASSWORD_CHECKS.running, PASSWORD_CHECKS.waiting)

  function endSessions(account: string, text: string, but?: string): void {
    for (const session of sessions.ofAccount(account)) if (session.full !== but) session.fail('reset', text)
  }
  const register = registration({ accounts, passwordChecks, endSessions })

  const upload = options.upload ?? undefined
  const listed = (): readonly ServiceItem[] => [
    ...services(),
    ...(upload ? [{ jid: upload.domain, name: 'Files' }] : []),
  ]

  const router = new StanzaRouter({
    domain,
    sessions,
    lists,
    rosters,
    contacts,
    services,
    upload: upload && { domain: upload.domain, services: uploadServices(upload) },
    atServer: serverServices({ services: listed, version: options.version, register, now }),
    atAccount: accountServices({ sessions, rosters, contacts, pep, lists, register, newId }),
    atOthers: foreignServices(pep),
    accountOf: (user) => sessions.ofAccount(user.bare)[0]?.account ?? registeredAccount(user, accounts),
    maxDirectedPresence: limits.maxDirectedPresence,
    meantFor: options.meantFor ?? (() => undefined),
    onStanza: options.onStanza,
    onSessionEnded: options.onSessionEnded,
    onAvailable: options.onAvailable,
    onPresence: (session, presence) => setInterests(session, capabilities.presence(session, presence)),
    onAnswer: (session, iq) => setInterests(session, capabilities.answered(session, iq)),
    log,
  })

  function ended(session: Session): void {
    sleeping.forget(session)
    router.ended(session)
  }
  const sleeping = new SleepingSessions({ domain, limits, now, ended })

  const env: ConnectionEnv = {
    domain,
    signUp: options.registration
      ? new SignUp({ accounts, passwordChecks, isReserved: options.registration.isReserved, now, log })
      : undefined,
    startTls: options.isTlsRequired ? 'required' : tls ? 'offered' : 'none',
    limits,
    sasl: {
      domain,
      policy: options.auth,
      accounts,
      throttle: new LoginThrottle(now),
      wait: (ms) => setTimeout(ms),
      passwordChecks,
      decoySecret: randomBytes(32),
    },
    turns,
    log,
    now,
    accountOf: (local, isAnonymous) => {
      const jid = new Jid(local, domain)
      return isAnonymous ? guestAccount(jid) : registeredAccount(jid, accounts)
    },
    claim: (account, resource) => claim(account, resource ?? randomBytes(6).toString('base64url')),
    bound: (session) => {
      sessions.add(session)
      lists.opened(session.account)
      rosters.opened(session.account)
    },
    stanza: (session, stanza) => router.fromClient(session, stanza),
    sleeping,
    ended,
    watch: (connection, wait) => {
      for (const set of Object.values(waiting)) set.delete(connection)
      if (wait) waiting[wait].add(connection)
    },
    entered: (address) => addresses.entered(address),
    gone: (connection) => {
      connections.delete(connection)
      addresses.left(connection.address)
      if (connections.size === 0) whenEmpty()
    },
  }

  /** RFC 6120 §7.7.2.2: a new session takes the resource over from an old one. */
  function claim(account: Account, resource: string): Jid | BindRefusal {
    const jid = account.jid.withResource(resource)
    sessions.get(jid.full)?.fail('conflict', 'Another client took over this resource.')
    const others = sessions.ofAccount(account.jid.full)
    if (others.length < limits.maxSessionsPerAccount) return jid
    const asleep = sleeping.longestAsleep(others)
    asleep?.fail('conflict', 'Another client of this account needs the place.')
    return asleep
      ? jid
      : { type: 'wait', condition: 'resource-constraint', text: 'Too many clients use this account.' }
  }

  /** Why one more connection from this address is refused, or undefined. */
  function refusalOf(address: string): Refusal | undefined {
    if (isStopping) return { condition: 'system-shutdown', text: 'The server shuts down.' }
    if (!addresses.hasRoom(address))
      return { condition: 'policy-violation', text: 'Too many connections come from your address.' }
    let unauthenticated = 0
    for (const connection of waiting.login) if (connection.isUnauthenticated) unauthenticated++
    return connections.size >= limits.maxConnections || unauthenticated >= limits.maxUnauthenticated
      ? { condition: 'resource-constraint', text: 'The server has too many connections.' }
      : undefined
  }

  const readers = new ReaderPool()
  const transportOptions = {
    turns,
    maxStanzaBytes: limits.maxStanzaBytesBeforeLogin,
    maxOutgoingCharacters: limits.maxOutgoingCharacters,
  }

  function accept(socket: Socket, isDirectTls: boolean): void {
    const refusal = refusalOf(socket.remoteAddress ?? '')
    if (refusal) {
      log.warn(
        { code: 'XMPP_TOO_MANY_CONNECTIONS', address: socket.remoteAddress, refusal },
        'connection refused',
      )
      refused.refuse(socket, isDirectTls, refusal)
      return
    }
    const tcpOptions = { ...transportOptions, readers, tls: tls && { server: tls, isDirect: isDirectTls } }
    connections.add(new ClientConnection(env, (sink) => new TcpTransport(socket, sink, tcpOptions)))
  }

  const listeners: TcpListener[] = []
  async function listen(address: ListenAddress, isDirectTls: boolean): Promise<number> {
    const key = `xmpp.server.${isDirectTls ? 'directTls' : 'listen'}`
    const listener = await listenTcp(key, address, (socket) => accept(socket, isDirectTls))
    listeners.push(listener)
    return listener.port
  }

  return {
    start: async () => {
      const port = await listen(options.listen, false)
      const directTlsPort = options.directTls ? await listen(options.directTls, true) : undefined
      sweeper = setInterval(() => {
        const nowMs = now()
        for (const set of Object.values(waiting)) for (const connection of [...set]) connection.sweep(nowMs)
        sleeping.sweep(nowMs)
        addresses.sweep(nowMs)
      }, SWEEP_MS)
      return { port, directTlsPort }
    },

    reloadTls: (files) => tls?.reload(files),

    stop: async () => {
      isStopping = true
      const closed = Promise.all(listeners.map((listener) => listener.close()))
      const allGone = new Promise<void>((resolve) => {
        whenEmpty = resolve
      })
      for (const connection of [...connections]) connection.fail('system-shutdown', 'The server shuts down.')
      sleeping.endAll()
      if (connections.size > 0) await allGone
      clearInterval(sweeper)
      await closed
    },

    send: (to, stanza) => {
      const jid = parseJid(to)
      if (jid) router.fromService(jid, stanza)
    },

    fanout: (stanza, to) => {
      for (const full of to) sessions.get(full)?.deliver(stanza)
    },

    accountWith: async (name, password, address) => {
      const exchange = startExchange('PLAIN', env.sasl, { address, bindings: undefined })
      const step = await exchange?.respond(Buffer.from(`\0${name}\0${password}`))
      if (step?.kind === 'failure' && step.condition === 'not-authorized')
        env.sasl.throttle.failed(address, step.account)
      return step?.kind === 'success' ? step.account : undefined
    },
    attachWebSocket: (server, callers) => {
      attachWebSocketEndpoint(server, '/xmpp-websocket', {
        ...callers,
        maxFrameBytes: limits.maxStanzaBytes,
        hasRoom: (address) => refusalOf(address) === undefined,
        accept: (webSocket, socket, address) => {
          connections.add(
            new ClientConnection(
              env,
              (sink) =>
                new WebSocketTransport(webSocket, socket, sink, {
                  ...transportOptions,
                  parser: frames,
                  address,
                }),
            ),
          )
        },
      })
    },

    isReachable: (account) => {
      const jid = parseJid(account)
      return jid !== undefined && isReachable(sessions, jid)
    },

    endSessions: (account, text) => endSessions(account, text),

    forgetContact: async (account) => {
      const jid = parseJid(account)
      try {
        if (jid) await contacts.forget(jid, await accounts.list())
      } catch (error) {
        log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
      }
    },

    hasSession: (full) => sessions.get(full) !== undefined,

    load: () => loadOf(sessions, connections),

    get certificateUntilMs() {
      return tls?.untilMs ?? Number.NaN
    },
  }
}
