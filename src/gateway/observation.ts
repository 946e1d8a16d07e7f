/** What can be seen of a running gateway from outside: problems, presence map and its events, numbers. */
import { EventStream } from '../ops/event-stream.ts'
import { createMetrics, type Metrics } from '../ops/metrics.ts'
import { VERSION } from '../version.ts'
import { presenceMap } from './map.ts'
import { gatewayStatus, gauges, type OverviewSources, sendQueues } from './overview.ts'
import type { GatewayStatus, PresenceMap } from './status.ts'
import { StorageSize } from './storage-size.ts'
import type { Traffic } from './traffic.ts'

export interface Observation {
  readonly metrics: Metrics
  /** Watchers of the map. */
  readonly events: EventStream
  problems(): readonly string[]
  map(): PresenceMap
  status(): Promise<GatewayStatus>
}

export function observe(sources: OverviewSources, traffic: Traffic): Observation {
  const { domain, networks, rooms, avatars, problems, component, certificateUntilMs } = sources
  const storage = new StorageSize({
    archive: sources.archive,
    data: sources.data,
    nowMs: Date.now,
    onChange: () => events.changed(),
  })
  const map = (): PresenceMap =>
    presenceMap({
      version: VERSION,
      domain,
      networks: networks.values(),
      rooms,
      avatars,
      problems: problems(),
      storage: storage.view,
      startedAtMs: sources.startedAtMs,
      nowMs: Date.now(),
    })
  const events = new EventStream(map)
  return {
    metrics: createMetrics(VERSION, {
      gauges: () => gauges(sources),
      networkCounters: () =>
        Object.fromEntries([...networks].map(([id, network]) => [id, network.counters()])),
      sendQueues: () => sendQueues(sources),
      stanzas: () => traffic.stanzas(),
      stanzaErrors: () => traffic.errors(),
      certificateUntilMs,
      component: component && (() => ({ isUp: component.isUp, ...component.counters })),
    }),
    events,
    problems,
    map,
    status: () => gatewayStatus(sources),
  }
}
