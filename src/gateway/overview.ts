/** The gateway in numbers: what `foyer status` shows and what the metrics measure when somebody scrapes. */
import type { Archive } from '../archive/archive.ts'
import type { LobbyNetwork, NetworkSnapshot } from '../lobby/network.ts'
import type { Gauges } from '../ops/metrics.ts'
import type { Sample } from '../ops/polled.ts'
import { VERSION } from '../version.ts'
import type { Component } from '../xmpp/component/component.ts'
import type { ServerLoad } from '../xmpp/load.ts'
import type { FriendAvatars } from './friend-avatars.ts'
import type { Hearing } from './hearing.ts'
import type { Rooms } from './rooms.ts'
import type { BoundPorts, GatewayStatus } from './status.ts'
import { freeBytes } from './storage-size.ts'

export interface OverviewSources {
  readonly startedAtMs: number
  /** The data folder. */
  readonly data: string
  /** Of the MUC service. */
  readonly domain: string
  readonly ports: BoundPorts
  readonly networks: ReadonlyMap<string, LobbyNetwork>
  readonly rooms: Rooms
  readonly avatars: FriendAvatars
  readonly archive: Archive
  readonly hearing: Hearing
  /** Entries that wait for a commit. */
  archiveWaiting(): number
  /** Null without an embedded server. */
  serverLoad(): ServerLoad | null
  /** Null when there is no host server. */
  readonly component: Pick<Component, 'isUp' | 'counters' | 'waitingBytes'> | null
  /** When the embedded server's certificate ends; null without one. */
  readonly certificateUntilMs: (() => number) | null
  /** Undefined while the archive can be read and written as far as is known. */
  archiveProblem(): string | undefined
  problems(): readonly string[]
}

const snapshots = ({ networks }: OverviewSources): NetworkSnapshot[] =>
  [...networks.values()].map((network) => network.snapshot())

const online = (network: NetworkSnapshot): number => network.friends.filter((f) => f.isOnline).length
const joined = (network: NetworkSnapshot): number => network.lobbies.filter((l) => l.isJoined).length

function gapsOf(hearing: Hearing): GatewayStatus['gaps'] {
  const gaps = { ended: 0, open: 0 }
  for (const row of hearing.rows()) {
    gaps.ended += row.gaps
    if (row.deafSinceMs !== null) gaps.open += 1
  }
  return gaps
}

export async function gatewayStatus(sources: OverviewSources): Promise<GatewayStatus> {
  const { local, remote } = sources.rooms.countOccupants()
  return {
    version: VERSION,
    uptimeSec: Math.floor((Date.now() - sources.startedAtMs) / 1000),
    ports: sources.ports,
    hostServer: sources.component && { domain: sources.domain, linked: sources.component.isUp },
    networks: snapshots(sources).map((network) => ({
      id: network.id,
      friends: network.friends.length,
      friendsOnline: online(network),
      lobbies: network.lobbies.length,
      lobbiesJoined: joined(network),
    })),
    rooms: sources.rooms.size,
    occupants: local + remote,
    archive: await sources.archive.stats().catch(() => null),
    gaps: gapsOf(sources.hearing),
    clockOffsetSec: clockOffsetSec(snapshots(sources)),
    problems: sources.problems(),
  }
}

export async function gauges(sources: OverviewSources): Promise<Gauges> {
  const networks = snapshots(sources)
  const sum = (count: (network: NetworkSnapshot) => number): number =>
    networks.reduce((total, network) => total + count(network), 0)
  const occupants = sources.rooms.countOccupants()
  const gaps = gapsOf(sources.hearing)
  // A database that is out of reach must not hide all the rest.
  const archive = await sources.archive.stats().catch(() => null)
  return {
    ready: sources.problems().length === 0 ? 1 : 0,
    sessions: sources.serverLoad()?.sessions ?? 0,
    rooms: sources.rooms.size,
    rooms_loaded: sources.rooms.loadedCount,
    occupants_local: occupants.local,
    occupants_remote: occupants.remote,
    friends: sum((network) => network.friends.length),
    friends_online: sum(online),
    clock_offset_seconds: clockOffsetSec(networks) ?? Number.NaN,
    lobbies: sum((network) => network.lobbies.length),
    lobbies_joined: sum(joined),
    lobbies_unheard: gaps.open,
    archive_gaps: gaps.ended,
    archive_messages: archive?.messages ?? Number.NaN,
    archive_bytes: archive?.bytes ?? Number.NaN,
    archive_up: archive && sources.archiveProblem() === undefined ? 1 : 0,
    archive_waiting: sources.archiveWaiting(),
    disk_free_bytes: (await freeBytes(sources.data)) ?? Number.NaN,
  }
}

/** The median, so that one friend's wrong clock does not count. */
function clockOffsetSec(networks: readonly NetworkSnapshot[]): number | null {
  const offsets = networks
    .flatMap((network) => network.friends)
    .flatMap(({ isOnline, clockOffsetMs }) => (isOnline && clockOffsetMs !== null ? [clockOffsetMs] : []))
    .sort((a, b) => a - b)
  const medianMs = offsets[Math.floor(offsets.length / 2)]
  return medianMs === undefined ? null : medianMs / 1000
}

/** What waits to be sent, by whom it is for. */
export function sendQueues({ serverLoad, component }: OverviewSources): Sample[] {
  const load = serverLoad()
  return [
    ...(load ? [[{ to: 'clients' }, load.waitingBytes] as const] : []),
    ...(component ? [[{ to: 'host' }, component.waitingBytes()] as const] : []),
  ]
}
