/** The gateway: opens everything, wires the two worlds together, and takes it all down again in order. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { startAdminServer } from './admin/server.ts'
import { openStore } from './archive/open-store.ts'
import type { Store } from './archive/store.ts'
import { adminSocket } from './cli/common.ts'
import { type Config, isLoopback } from './config.ts'
import { archiveIds } from './gateway/archive-ids.ts'
import { ArchiveWriter } from './gateway/archive-writer.ts'
import { type CommandContext, prune, runCommand } from './gateway/commands.ts'
import { KnownAccounts } from './gateway/known-accounts.ts'
import { presenceMap, publicRooms } from './gateway/map.ts'
import { gatewayStatus, gauges, type OverviewSources } from './gateway/overview.ts'
import { problems } from './gateway/problems.ts'
import { sharedPorts } from './gateway/room-ports.ts'
import { Rooms } from './gateway/rooms.ts'
import { gatewaySecret } from './gateway/secret.ts'
import type { BoundPorts } from './gateway/status.ts'
import { webFolders } from './gateway/web-folders.ts'
import type { LobbyUpdate } from './lobby/lobby.ts'
import type { LobbyNetwork } from './lobby/network.ts'
import { EventStream } from './ops/event-stream.ts'
import { createHttpServer } from './ops/http.ts'
import { createMetrics } from './ops/metrics.ts'
import { createRetroShareNetwork } from './retroshare/network.ts'
import type { NetworkId } from './util/ids.ts'
import { VERSION } from './version.ts'
import { createXmppServer } from './xmpp/server.ts'

const PRUNE_INTERVAL_MS = 3_600_000

/** A running gateway. */
export interface Gateway {
  readonly ports: BoundPorts
  readonly networks: ReadonlyMap<NetworkId, LobbyNetwork>
  /** Carries out a command of the CLI. */
  command(command: string, args: Readonly<Record<string, unknown>>): Promise<unknown>
  /** Takes over what can change while it runs; see `compareConfigs`. */
  reconfigure(config: Config): void
  /** 332 to all occupants, leave events to the networks, archive closed; well within five seconds. */
  stop(): Promise<void>
}

/** Starts all that the configuration asks for. Rejects with a `GatewayError`, and then nothing is left open. */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const store = openStore(config.archive.file)
  const undo: (() => Promise<void>)[] = [() => store.close()]
  try {
    return await wire(config, log, store, undo)
  } catch (error) {
    for (const close of undo.reverse()) await close()
    throw error
  }
}

async function wire(
  config: Config,
  log: Logger,
  store: Store,
  undo: (() => Promise<void>)[],
): Promise<Gateway> {
  const networks = new Map<NetworkId, LobbyNetwork>()
  const listening = new Set<string>()
  let { admins } = config.xmpp
  let { retentionMs } = config.archive
  const accounts = await KnownAccounts.read(store.accounts, config.xmpp.server.domain)
  const writer = new ArchiveWriter(store.archive, log, (seconds) => metrics.archiveSeconds(seconds))
  const rooms = new Rooms({
    version: VERSION,
    store,
    networks,
    around: {
      domain: config.xmpp.domain,
      secret: await gatewaySecret(store.meta),
      log,
      ports: sharedPorts({
        archive: store.archive,
        writer,
        nextArchiveId: archiveIds(await store.archive.lastId(), Date.now),
        nowMs: Date.now,
      }),
      admins: () => admins,
      isKept: (account) => accounts.isRegistered(account),
      send: (to, stanza) => xmpp.send(to, stanza),
      fanout: (stanza, to) => xmpp.fanout(stanza, to),
      onMessage: (direction) => metrics.message(direction),
      onPresence: () => events.changed(),
    },
  })
  await rooms.load()

  const xmpp = createXmppServer({
    ...config.xmpp.server,
    accounts,
    services: () => [{ jid: config.xmpp.domain, name: 'Lobbies' }],
    version: VERSION,
    log,
    now: Date.now,
    onStanza: (from, stanza) => {
      metrics.stanzaReceived(stanza.name)
      rooms.onStanza(from, stanza)
    },
    onSessionEnded: (jid) => rooms.onSessionEnded(jid),
  })
  const currentProblems = () =>
    problems({
      isXmppUp: () => listening.has('xmpp'),
      isArchiveFailing: () => writer.isFailing,
      networksDown: () => [...networks.keys()].filter((id) => !listening.has(id)),
    })
  const map = () =>
    presenceMap({
      version: VERSION,
      networks: networks.values(),
      rooms,
      problems: currentProblems(),
      nowMs: Date.now(),
    })
  const events = new EventStream(map)
  const ports: { -readonly [K in keyof BoundPorts]: BoundPorts[K] } = {}
  const overview: OverviewSources = {
    startedAtMs: Date.now(),
    ports,
    networks,
    rooms,
    archive: store.archive,
    sessionCount: () => xmpp.sessionCount,
    problems: currentProblems,
  }
  const metrics = createMetrics(VERSION, {
    gauges: () => gauges(overview),
    networkCounters: () => Object.fromEntries([...networks].map(([id, network]) => [id, network.counters()])),
  })

  if (config.retroshare) {
    const { autojoin, ...retroshare } = config.retroshare
    const network = createRetroShareNetwork({
      ...retroshare,
      dir: join(config.data, 'retroshare'),
      version: `Foyer ${VERSION}`,
      log: log.child({ network: 'retroshare' }),
      onUpdate: (update: LobbyUpdate) => {
        rooms.onUpdate(network, update)
        events.changed()
      },
    })
    networks.set(network.id, network)
    undo.push(() => network.stop())
    ports.retroshare = (await network.start()).port
    listening.add(network.id)
    rooms.adopt(network)
    for (const lobby of autojoin) network.send({ kind: 'join', lobby })
  }

  ports.c2s = (await xmpp.start()).port
  listening.add('xmpp')
  undo.push(() => xmpp.stop())
  // Without TLS nobody logs in from another machine, over WebSocket as little as over TCP.
  const hasWebSocket = isLoopback(config.http.listen.host)
  const http = createHttpServer({
    listen: config.http.listen,
    token: config.http.token,
    folders: webFolders(),
    map,
    events,
    metrics: () => metrics.render(),
    problems: currentProblems,
    chatSettings: () => ({
      domain: hasWebSocket ? config.xmpp.server.domain : null,
      mucDomain: config.xmpp.domain,
      anonymous: config.xmpp.server.auth !== 'accounts',
      rooms: hasWebSocket ? publicRooms(rooms, config.xmpp.domain) : [],
    }),
  })
  if (hasWebSocket) xmpp.attachWebSocket(http.server, '/xmpp-websocket')
  ports.http = (await http.start()).port
  undo.push(() => http.stop())

  const context: CommandContext = {
    networks,
    rooms,
    archive: store.archive,
    accounts,
    retentionMs: () => retentionMs,
    status: () => gatewayStatus(overview),
    nowMs: Date.now,
  }
  const command: Gateway['command'] = (name, args) => runCommand(context, name, args)
  const admin = await startAdminServer(adminSocket(config.data), command)
  undo.push(() => admin.stop())
  const pruning = setInterval(() => {
    prune(context).catch((error: unknown) =>
      log.error({ code: 'ARCHIVE_PRUNE', err: error }, 'pruning failed'),
    )
  }, PRUNE_INTERVAL_MS)

  return {
    ports,
    networks,
    command,
    reconfigure: (fresh) => {
      admins = fresh.xmpp.admins
      retentionMs = fresh.archive.retentionMs
      rooms.describeAll()
      for (const network of networks.values())
        for (const lobby of fresh.retroshare?.autojoin ?? []) network.send({ kind: 'join', lobby })
    },
    stop: async () => {
      clearInterval(pruning)
      await admin.stop()
      rooms.shutdown()
      await writer.flush()
      await Promise.all([xmpp.stop(), ...[...networks.values()].map((network) => network.stop())])
      await http.stop()
      await writer.flush()
      await store.close()
    },
  }
}
