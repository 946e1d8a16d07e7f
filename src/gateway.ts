/** The gateway: opens everything, wires the two worlds together, and takes it all down again in order. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { adminSocket } from './admin/protocol.ts'
import { startAdminServer } from './admin/server.ts'
import { FileStore } from './archive/file-store.ts'
import type { Config, LogLevel } from './config.ts'
import { createAdHoc } from './gateway/ad-hoc.ts'
import { archiveIds } from './gateway/archive-ids.ts'
import { backUp } from './gateway/backup.ts'
import { createComponentSide } from './gateway/component-side.ts'
import { makeDataFolder } from './gateway/data-folder.ts'
import { createEmbeddedServer } from './gateway/embedded-server.ts'
import { FriendAvatars } from './gateway/friend-avatars.ts'
import { FriendDesk } from './gateway/friend-desk.ts'
import { KnownAccounts } from './gateway/known-accounts.ts'
import { LiveSettings } from './gateway/live-settings.ts'
import { isOnMap } from './gateway/map.ts'
import { openMentionMail } from './gateway/mention-mail.ts'
import { joinLobbies, openRetroShare } from './gateway/networks.ts'
import { observe } from './gateway/observation.ts'
import { prune } from './gateway/operations/archive-operations.ts'
import type { OperationContext } from './gateway/operations/operation.ts'
import { logOperation, runOperation } from './gateway/operations/operations.ts'
import { pageReply } from './gateway/operations/page-operations.ts'
import { ownUrl } from './gateway/own-url.ts'
import { createPictures } from './gateway/pictures.ts'
import { problems } from './gateway/problems.ts'
import { sharedPorts } from './gateway/room-ports.ts'
import { Rooms } from './gateway/rooms.ts'
import { gatewaySecret } from './gateway/secret.ts'
import { Shutdown } from './gateway/shutdown.ts'
import { toldIfSlow } from './gateway/slow-step.ts'
import type { BoundPorts } from './gateway/status.ts'
import { openStorage } from './gateway/storage.ts'
import { Traces } from './gateway/traces.ts'
import { Traffic } from './gateway/traffic.ts'
import { openUploads } from './gateway/uploads.ts'
import { watchedRooms } from './gateway/watched-rooms.ts'
import { createWebSide } from './gateway/web-side.ts'
import { domainOf, xmppSide } from './gateway/xmpp-sides.ts'
import type { LobbyNetwork } from './lobby/network.ts'
import type { Jid } from './stanza/jid.ts'
import type { Element } from './stanza/xml.ts'
import type { NetworkId } from './util/ids.ts'
import { VERSION } from './version.ts'

const PRUNE_INTERVAL_MS = 3_600_000

/** A running gateway. */
export interface Gateway {
  readonly ports: BoundPorts
  readonly networks: ReadonlyMap<NetworkId, LobbyNetwork>
  /** What keeps it from doing its work, in words; empty when it does. */
  problems(): readonly string[]
  /** Takes over what can change while it runs; see `compareConfigs`. */
  reconfigure(config: Config): void
  /** 332 to all occupants, leave events to the networks, archive closed; well within five seconds. */
  stop(): Promise<void>
}

/** Starts all that the configuration asks for. Rejects with a `GatewayError`, and then nothing is left open. */
export async function startGateway(
  config: Config,
  log: Logger,
  setLogLevel = (level: LogLevel): void => {
    log.level = level
  },
): Promise<Gateway> {
  const shutdown = new Shutdown(log)
  try {
    return await build(config, { log, setLogLevel }, shutdown)
  } catch (error) {
    await shutdown.run()
    throw error
  }
}

/** Makes all parts and says how each ends, the last first; then starts them, from the networks to the admin socket. */
async function build(
  config: Config,
  { log, setLogLevel }: { readonly log: Logger; readonly setLogLevel: (level: LogLevel) => void },
  shutdown: Shutdown,
): Promise<Gateway> {
  makeDataFolder(config.data)
  let healthChanged = (): void => undefined
  const storage = await openStorage({
    location: config.archive.location,
    log,
    shutdown,
    nowMs: Date.now,
    onCommit: (seconds) => seen.metrics.archiveSeconds(seconds),
    onFailed: () => seen.metrics.messageRefused('archive'),
    onHealth: () => healthChanged(),
  })
  const { store, writer, hearing, behind } = storage
  const live = new LiveSettings(config)

  const networks = new Map<NetworkId, LobbyNetwork>()
  const ports: { -readonly [K in keyof BoundPorts]: BoundPorts[K] } = {}
  const listening = new Set<string>()
  const serverDomain = config.xmpp.server?.domain
  const accounts = await KnownAccounts.read(store.accounts, serverDomain)
  const secret = await gatewaySecret(store.meta)
  const traces = new Traces(log, Date.now)
  shutdown.add({ traces: async () => traces.stop() })
  const traffic = new Traffic(traces)
  const files =
    config.limits.files === 0 ? null : new FileStore(join(config.data, 'files'), config.limits.files)
  const uploads = serverDomain === undefined ? null : openUploads(config, serverDomain, () => publicUrl())
  const publicUrl = (): string | undefined => config.http.publicUrl ?? ownUrl(config.http.listen, ports.http)
  const pictures = createPictures({
    files,
    uploads: uploads?.files ?? null,
    secret,
    log,
    baseUrl: publicUrl,
    nowMs: Date.now,
  })
  const avatars = new FriendAvatars(pictures)
  const mentions = await openMentionMail({
    table: store.mentions,
    log,
    isReachable: (account) => xmpp.isReachable(account),
    send: (to, stanza) => xmpp.send(to, stanza),
  })
  shutdown.add({ mentions: () => mentions.idle() })
  const rooms = new Rooms({
    version: VERSION,
    store: { ...store, rooms: behind.rooms, nicks: behind.nicks },
    networks,
    retentionMs: () => live.retentionMs,
    statusUrls: () => live.statusUrls,
    around: {
      domain: config.xmpp.domain,
      secret,
      log,
      hearing,
      pictures,
      ports: sharedPorts({
        archive: store.archive,
        writer,
        nextArchiveId: archiveIds(storage.lastId, Date.now),
        nowMs: Date.now,
        onQuery: (kind, seconds) => seen.metrics.querySeconds(kind, seconds),
      }),
      hasOtherServers: config.xmpp.component !== null,
      admins: () => live.admins,
      mayMakeRooms: (account) => live.mayMakeRooms(account),
      staysIn: (lobby) => live.staysIn(lobby),
      // Of accounts elsewhere nobody can tell which are guests.
      isKept: (account) => domainOf(account) !== serverDomain || accounts.isRegistered(account),
      isReachable: (account) => xmpp.isReachable(account),
      mail: (account, stanza) => mentions.post(account, stanza),
      send: (to, stanza) => xmpp.send(to, stanza),
      fanout: (stanza, to) => xmpp.fanout(stanza, to),
      onMessage: (direction, seconds) => seen.metrics.message(direction, seconds),
      onPresence: () => seen.events.changed(),
    },
  })
  await toldIfSlow(() => log.info('reading the rooms'), rooms.load())
  accounts.onRemoved = (account) => {
    mentions.forget(account)
    desk.forget(account)
    rooms.forgetAccount(account)
    void server?.forgetContact(account)
  }
  const desk = await FriendDesk.open({
    domain: config.xmpp.domain,
    networks,
    log,
    operatorMail: store.operatorMail,
    admins: () => live.admins,
    acceptInvites: () => live.acceptInvites,
    roomOf: (lobby) => rooms.addressOf(lobby.id),
    avatarOf: (friend) => avatars.of(friend),
    isReachable: (account) => xmpp.isReachable(account),
    send: (to, stanza) => xmpp.send(to, stanza),
    nowMs: Date.now,
    onChange: () => seen.events.changed(),
  })
  const toRooms = watchedRooms(rooms, () => seen.metrics)
  const onStanza = (from: Jid, stanza: Element): void => {
    traffic.received(from, stanza)
    if (desk.takes(from, stanza) || adHoc.takes(from, stanza)) return
    toRooms(from, stanza)
  }
  const server = createEmbeddedServer(config.xmpp, {
    accounts,
    upload: uploads?.slots ?? null,
    log,
    admins: () => live.admins,
    onStanza,
    onSessionEnded: (jid) => {
      rooms.onSessionEnded(jid)
      desk.onSessionEnded(jid)
      adHoc.onSessionEnded(jid)
    },
    onAvailable: (account) => {
      desk.onAvailable(account)
      mentions.onAvailable(account)
    },
  })
  const component =
    config.xmpp.component &&
    (await createComponentSide({
      address: { ...config.xmpp.component, domain: config.xmpp.domain },
      serverDomain,
      rooms,
      desk,
      store,
      log,
      nowMs: Date.now,
      admins: () => live.admins,
      onUp: () => mentions.tryAll(),
      onGhosts: (cause, count) => seen.metrics.ghosts(cause, count),
      onStanza,
    }))
  const xmpp = traffic.watch(xmppSide({ server, serverDomain, component }))
  if (config.retroshare) {
    const network = openRetroShare(config.retroshare, config.data, log, (update) => {
      rooms.onUpdate(network, update)
      desk.onUpdate(network, update)
      if (isOnMap(update)) seen.events.changed()
      if (update.kind !== 'not-sent') return
      seen.metrics.messageRefused('network')
      const { lobby, code, text } = update
      log.info({ lobby, code, reason: text }, 'message not taken by the lobby')
    })
    networks.set(network.id, network)
  }
  const seen = observe(
    {
      startedAtMs: Date.now(),
      data: config.data,
      domain: config.xmpp.domain,
      ports,
      networks,
      rooms,
      avatars,
      archive: store.archive,
      hearing,
      archiveWaiting: () => writer.waiting,
      serverLoad: () => server?.load() ?? null,
      component,
      certificateUntilMs: config.xmpp.server?.tls ? () => server?.certificateUntilMs ?? Number.NaN : null,
      archiveProblem: () => storage.problem(),
      problems: () =>
        problems({
          isServerDown: () => server !== null && !listening.has('xmpp'),
          componentProblem: () => component?.problem,
          archiveProblem: () => storage.problem(),
          networksDown: () => [...networks.keys()].filter((id) => !listening.has(id)),
        }),
    },
    traffic,
  )
  healthChanged = () => seen.events.changed()
  const http = createWebSide(config, {
    log,
    rooms,
    server,
    seen,
    files,
    uploads,
    publicUrl,
    operate: (request) => pageReply(context, log, request),
  })
  const context: OperationContext = {
    networks,
    rooms,
    archive: store.archive,
    files: [files, uploads?.files ?? null].filter((store) => store !== null),
    accounts,
    hasServer: server !== null,
    endSessions: (account, text) => server?.endSessions(`${account}@${serverDomain}`, text),
    retentionMs: () => live.retentionMs,
    status: seen.status,
    traces,
    setLogLevel,
    backup: (folder) =>
      backUp(folder, { data: config.data, location: config.archive.location, store, networks }),
    nowMs: Date.now,
    onChange: () => seen.events.changed(),
  }
  const adHoc = createAdHoc({
    domain: config.xmpp.domain,
    context,
    log,
    admins: () => live.admins,
    send: (to, stanza) => xmpp.send(to, stanza),
  })

  shutdown.add({ 'friend desk': () => desk.stop() })
  shutdown.add({ http: () => http.stop() })
  shutdown.add({
    xmpp: async () => server?.stop(),
    component: async () => component?.stop(),
    ...Object.fromEntries([...networks].map(([id, network]) => [id, () => network.stop()])),
  })
  shutdown.add({ rooms: () => rooms.shutdown() })
  shutdown.add({ occupants: async () => component?.retire() })

  for (const [id, network] of networks) {
    const tell = (): void =>
      log.info(
        { network: id },
        'starting the network; a new node makes its keys first, which may take a minute',
      )
    ports[id as keyof BoundPorts] = (await toldIfSlow(tell, network.start())).port
    listening.add(id)
    rooms.adopt(network)
  }
  joinLobbies(networks, config)
  if (server) {
    const { port, directTlsPort } = await server.start()
    ports.c2s = port
    if (directTlsPort !== undefined) ports.c2sTls = directTlsPort
    listening.add('xmpp')
  }
  component?.start()
  ports.http = (await http.start()).port
  const admin = await startAdminServer(adminSocket(config.data), log, (command, args) => {
    logOperation(log, 'command line', command, args)
    return runOperation(context, command, args)
  })
  shutdown.add({ admin: () => admin.stop() })
  const pruning = setInterval(() => {
    prune(context).catch((error: unknown) =>
      log.error({ code: 'ARCHIVE_PRUNE', err: error }, 'pruning failed'),
    )
  }, PRUNE_INTERVAL_MS)

  return {
    ports,
    networks,
    problems: () => seen.problems(),
    reconfigure: (fresh) => {
      live.take(fresh)
      if (fresh.xmpp.server?.tls) server?.reloadTls(fresh.xmpp.server.tls)
      rooms.describeAll()
      for (const network of networks.values()) rooms.adopt(network)
      joinLobbies(networks, fresh)
    },
    stop: () => {
      clearInterval(pruning)
      listening.clear()
      return shutdown.run()
    },
  }
}
