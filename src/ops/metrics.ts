/** Prometheus metrics, all named `foyer_…`; no JID or lobby name is ever a label. List: docs/operating.md. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What is read when somebody scrapes. */
export interface MetricSources {
  gauges(): Promise<Gauges>
  /** Running totals of the networks: network id → counter name → value. */
  networkCounters(): Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Of the link to the host server; null when none is configured. */
  readonly component: (() => ComponentNumbers) | null
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
  sessions: 'XMPP sessions that are bound',
  rooms_loaded: 'Rooms held in memory',
  occupants_local: 'Occupants of this gateway in all rooms',
  occupants_remote: 'Occupants that come from lobby networks',
  friends: 'Friends known',
  friends_online: 'Friends linked',
  lobbies: 'Lobbies visible or joined',
  lobbies_joined: 'Lobbies joined',
  archive_messages: 'Messages in the archive',
  archive_bytes: 'Bytes of the archive on disk',
  archive_up: '1 while the archive can be read, else 0',
  archive_waiting: 'Messages that wait to be stored',
} as const

/** Values by name without prefix. */
export type Gauges = Readonly<Record<keyof typeof GAUGES, number>>

export interface Metrics {
  stanzaReceived(kind: string): void
  /** `direction`: `in` from a lobby, `out` to a lobby, `local` said by an occupant. */
  message(direction: 'in' | 'out' | 'local'): void
  archiveSeconds(seconds: number): void
  render(): Promise<{ contentType: string; text: string }>
}

export function createMetrics(version: string, sources: MetricSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'foyer_' })
  const registers = [registry]
  new Gauge({ name: 'foyer_info', help: 'Version of this gateway', labelNames: ['version'], registers }).set(
    { version },
    1,
  )
  const gauges = Object.entries(GAUGES).map(
    ([name, help]) => [name, new Gauge({ name: `foyer_${name}`, help, registers })] as const,
  )
  new Gauge({
    name: 'foyer_network_events_total',
    help: 'Running totals of the lobby networks by event',
    labelNames: ['network', 'event'],
    registers,
    collect() {
      for (const [network, counters] of Object.entries(sources.networkCounters()))
        for (const [event, value] of Object.entries(counters)) this.set({ network, event }, value)
    },
  })
  if (sources.component) addComponent(sources.component, registers)
  const stanzas = new Counter({
    name: 'foyer_stanzas_received_total',
    help: 'Stanzas from XMPP users to rooms and the service',
    labelNames: ['kind'],
    registers,
  })
  const messages = new Counter({
    name: 'foyer_messages_total',
    help: 'Messages from lobbies, to lobbies, and said by local occupants',
    labelNames: ['direction'],
    registers,
  })
  const archive = new Histogram({
    name: 'foyer_archive_commit_seconds',
    help: 'Time of one archive commit',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  })
  return {
    stanzaReceived: (kind) => stanzas.inc({ kind }),
    message: (direction) => messages.inc({ direction }),
    archiveSeconds: (seconds) => archive.observe(seconds),
    render: async () => {
      const values = await sources.gauges()
      for (const [name, gauge] of gauges) gauge.set(values[name as keyof typeof GAUGES])
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}

/** Metrics that are there only with a component. */
function addComponent(component: () => ComponentNumbers, registers: Registry[]): void {
  new Gauge({
    name: 'foyer_component_up',
    help: '1 while there is a link to the host server',
    registers,
    collect() {
      this.set(component().isUp ? 1 : 0)
    },
  })
  new Gauge({
    name: 'foyer_component_reconnects_total',
    help: 'Links to the host server after the first one',
    registers,
    collect() {
      this.set(Math.max(0, component().links - 1))
    },
  })
  new Gauge({
    name: 'foyer_component_dropped_total',
    help: 'Stanzas to or from the host server that were not delivered, by reason',
    labelNames: ['reason'],
    registers,
    collect() {
      const { tooLarge, missed, unaddressed, unreadable } = component()
      this.set({ reason: 'too_large' }, tooLarge)
      this.set({ reason: 'host_away' }, missed)
      this.set({ reason: 'no_sender' }, unaddressed)
      this.set({ reason: 'unreadable' }, unreadable)
    },
  })
}
