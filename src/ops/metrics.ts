/** Prometheus metrics, all named `foyer_…`; no JID or lobby name is ever a label. List: docs/operating.md. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { polledCounter, polledGauge, type Sample } from './polled.ts'
import { countStalls } from './stalls.ts'

/** What is read when somebody scrapes. */
export interface MetricSources {
  gauges(): Promise<Gauges>
  /** Of the networks: network id → name → value; running totals, but for names that begin with `current_`. */
  networkCounters(): Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Bytes that wait to be sent, by whom they are for (`to`). */
  sendQueues(): Iterable<Sample>
  /** Stanzas between XMPP users and this gateway, by `direction` and `kind`. */
  stanzas(): Iterable<Sample>
  /** Errors among them, by `direction` and `condition`. */
  stanzaErrors(): Iterable<Sample>
  /** Of the link to the host server; null when none is configured. */
  readonly component: (() => ComponentNumbers) | null
  /** When the certificate of the embedded server ends, in ms since 1970; null without one. */
  readonly certificateUntilMs: (() => number) | null
}

/** Running totals but for `isUp`. */
export interface ComponentNumbers {
  readonly isUp: boolean
  readonly links: number
  readonly tooLarge: number
  readonly missed: number
  readonly unaddressed: number
  readonly unreadable: number
}

const GAUGES = {
  ready: '1 when nothing keeps the gateway from its work, as /readyz says, else 0',
  sessions: 'XMPP sessions that are bound',
  rooms: 'Rooms on record',
  rooms_loaded: 'Rooms held in memory',
  occupants_local: 'Occupants of this gateway in all rooms',
  occupants_remote: 'Occupants that come from lobby networks',
  friends: 'Friends known',
  friends_online: 'Friends linked',
  clock_offset_seconds: 'How far the clocks of friends are ahead of ours, their median',
  lobbies: 'Lobbies visible or joined',
  lobbies_joined: 'Lobbies joined',
  lobbies_unheard: 'Lobbies heard once and not heard now: no friend that takes part is linked',
  archive_gaps: 'Gaps in histories that have ended',
  archive_messages: 'Messages in the archive',
  archive_bytes: 'Bytes of the archive on disk',
  archive_up: '1 while the archive can be read and the last write succeeded, else 0',
  archive_waiting: 'Messages that wait to be stored',
  disk_free_bytes: 'Bytes that the gateway may still write to the file system of its data folder',
} as const

/** Values by name without prefix. */
export type Gauges = Readonly<Record<keyof typeof GAUGES, number>>

/** `in` from a lobby, `out` to a lobby, `local` said by an occupant. */
export type MessageDirection = 'in' | 'out' | 'local'

/**
 * How it showed that nobody is there: an error came back; no answer to a ping, or one that says so; the host server was
 * away for too long.
 */
export type GhostCause = 'bounce' | 'silent' | 'link_lost'

export interface Metrics {
  /** `seconds`: since it was written, by its author's clock (`in`), or since it came here (`out`, `local`). */
  message(direction: MessageDirection, seconds: number): void
  /** A message of an occupant did not get through: not stored, or not taken by the lobby network. */
  messageRefused(reason: 'archive' | 'network'): void
  /** A request to enter a room was answered. */
  joined(result: 'entered' | 'refused'): void
  /** From the request to enter until presences, history and subject are on their way. */
  joinSeconds(seconds: number): void
  /** Sessions were taken out of rooms because nobody was there; one that was in two rooms counts twice. */
  ghosts(cause: GhostCause, count: number): void
  archiveSeconds(seconds: number): void
  querySeconds(kind: 'page' | 'search', seconds: number): void
  render(): Promise<{ contentType: string; text: string }>
}

export function createMetrics(version: string, sources: MetricSources): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'foyer_' })
  countStalls(registers)
  new Gauge({ name: 'foyer_info', help: 'Version of this gateway', labelNames: ['version'], registers }).set(
    { version },
    1,
  )
  const gauges = new Map(
    Object.entries(GAUGES).map(([name, help]) => [
      name,
      new Gauge({ name: `foyer_${name}`, help, registers }),
    ]),
  )
  addNetworks(sources, registers)
  addStanzas(sources, registers)
  if (sources.component) addComponent(sources.component, registers)
  const { certificateUntilMs } = sources
  if (certificateUntilMs)
    polledGauge(
      {
        name: 'foyer_certificate_expiry_timestamp_seconds',
        help: 'When the certificate in use ends, in seconds since 1970',
        registers,
      },
      () => [[{}, certificateUntilMs() / 1000]],
    )
  return {
    ...measured(registers),
    render: async () => {
      for (const [name, value] of Object.entries(await sources.gauges())) gauges.get(name)?.set(value)
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}

/** Metrics that are told as things happen. */
function measured(registers: Registry[]): Omit<Metrics, 'render'> {
  const messages = new Counter({
    name: 'foyer_messages_total',
    help: 'Messages from lobbies, to lobbies, and said by local occupants',
    labelNames: ['direction'],
    registers,
  })
  const refused = new Counter({
    name: 'foyer_messages_refused_total',
    help: 'Messages of occupants that were not stored, or not taken by the lobby network',
    labelNames: ['reason'],
    registers,
  })
  const joins = new Counter({
    name: 'foyer_joins_total',
    help: 'Requests to enter a room by what became of them',
    labelNames: ['result'],
    registers,
  })
  const joinSeconds = new Histogram({
    name: 'foyer_join_seconds',
    help: 'Time from a request to enter a room until presences, history and subject are on their way',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const ghosts = new Counter({
    name: 'foyer_ghosts_removed_total',
    help: 'Sessions taken out of rooms because nobody was there, by how that showed',
    labelNames: ['cause'],
    registers,
  })
  const relay = new Histogram({
    name: 'foyer_relay_seconds',
    help: 'Age of messages: in, when heard, by the clock of the author; out, when handed to the lobby',
    labelNames: ['direction'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  })
  const commits = new Histogram({
    name: 'foyer_archive_commit_seconds',
    help: 'Time of one archive commit',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  })
  const queries = new Histogram({
    name: 'foyer_archive_query_seconds',
    help: 'Time of one query of the archive: a page of it, or a search for words',
    labelNames: ['kind'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  })
  // Those that have not happened yet are told too: an increase from nothing cannot be seen.
  for (const direction of ['in', 'out', 'local']) messages.inc({ direction }, 0)
  for (const reason of ['archive', 'network']) refused.inc({ reason }, 0)
  for (const result of ['entered', 'refused']) joins.inc({ result }, 0)
  for (const cause of ['bounce', 'silent', 'link_lost']) ghosts.inc({ cause }, 0)
  return {
    message: (direction, seconds) => {
      messages.inc({ direction })
      if (direction !== 'local') relay.observe({ direction }, Math.max(0, seconds))
    },
    messageRefused: (reason) => refused.inc({ reason }),
    joined: (result) => joins.inc({ result }),
    joinSeconds: (seconds) => joinSeconds.observe(seconds),
    ghosts: (cause, count) => ghosts.inc({ cause }, count),
    archiveSeconds: (seconds) => commits.observe(seconds),
    querySeconds: (kind, seconds) => queries.observe({ kind }, seconds),
  }
}

function addNetworks({ networkCounters }: MetricSources, registers: Registry[]): void {
  const CURRENT = 'current_'
  const values = (isCurrent: boolean): [string, string, number][] =>
    Object.entries(networkCounters()).flatMap(([network, counters]) =>
      Object.entries(counters).flatMap(([name, value]): [string, string, number][] =>
        name.startsWith(CURRENT) === isCurrent ? [[network, name, value]] : [],
      ),
    )
  polledCounter(
    {
      name: 'foyer_network_events_total',
      help: 'What happened in the lobby networks, by event',
      labelNames: ['network', 'event'],
      registers,
    },
    () => values(false).map(([network, event, value]): Sample => [{ network, event }, value]),
  )
  polledGauge(
    {
      name: 'foyer_network_current',
      help: 'What the lobby networks hold now',
      labelNames: ['network', 'what'],
      registers,
    },
    () =>
      values(true).map(
        ([network, name, value]): Sample => [{ network, what: name.slice(CURRENT.length) }, value],
      ),
  )
}

function addStanzas({ sendQueues, stanzas, stanzaErrors }: MetricSources, registers: Registry[]): void {
  polledGauge(
    {
      name: 'foyer_send_queue_bytes',
      help: 'What waits to be sent to XMPP clients and to the host server, about',
      labelNames: ['to'],
      registers,
    },
    sendQueues,
  )
  polledCounter(
    {
      name: 'foyer_stanzas_total',
      help: 'Stanzas from XMPP users to rooms and the service, and to them, by direction and kind',
      labelNames: ['direction', 'kind'],
      registers,
    },
    stanzas,
  )
  polledCounter(
    {
      name: 'foyer_stanza_errors_total',
      help: 'Errors among these stanzas by condition',
      labelNames: ['direction', 'condition'],
      registers,
    },
    stanzaErrors,
  )
}

/** Metrics that are there only with a component. */
function addComponent(component: () => ComponentNumbers, registers: Registry[]): void {
  polledGauge(
    { name: 'foyer_component_up', help: '1 while there is a link to the host server', registers },
    () => [[{}, component().isUp ? 1 : 0]],
  )
  polledCounter(
    {
      name: 'foyer_component_reconnects_total',
      help: 'Links to the host server after the first one',
      registers,
    },
    () => [[{}, Math.max(0, component().links - 1)]],
  )
  polledCounter(
    {
      name: 'foyer_component_dropped_total',
      help: 'Stanzas to or from the host server that were not delivered, by reason',
      labelNames: ['reason'],
      registers,
    },
    () => {
      const { tooLarge, missed, unaddressed, unreadable } = component()
      return [
        [{ reason: 'too_large' }, tooLarge],
        [{ reason: 'host_away' }, missed],
        [{ reason: 'no_sender' }, unaddressed],
        [{ reason: 'unreadable' }, unreadable],
      ]
    },
  )
}
