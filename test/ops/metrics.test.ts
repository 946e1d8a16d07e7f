// What somebody who scrapes reads: types as Prometheus means them, totals that only grow, nothing that nobody gave.
import { expect, test } from 'vitest'
import { createMetrics, type Gauges, type MetricSources } from '../../src/ops/metrics.ts'

const sources = (over: Partial<MetricSources> = {}): MetricSources => ({
  gauges: async () => ({ sessions: 3 }) as unknown as Gauges,
  networkCounters: () => ({ retroshare: { dials: 2, current_identities: 5 } }),
  sendQueues: () => [[{ to: 'clients' }, 700]],
  stanzas: () => [[{ direction: 'in', kind: 'iq' }, 4]],
  stanzaErrors: () => [[{ direction: 'out', condition: 'forbidden' }, 1]],
  component: null,
  certificateUntilMs: null,
  ...over,
})

test('running totals are counters, states are gauges, each time read anew', async () => {
  const counts = { dials: 2, current_identities: 5 }
  const metrics = createMetrics('1.2.3', sources({ networkCounters: () => ({ retroshare: counts }) }))
  await metrics.render()
  Object.assign(counts, { dials: 7, current_identities: 1 })
  const { text, contentType } = await metrics.render()
  expect(contentType).toContain('version=0.0.4')
  for (const line of [
    '# TYPE foyer_network_events_total counter',
    'foyer_network_events_total{network="retroshare",event="dials"} 7',
    '# TYPE foyer_network_current gauge',
    'foyer_network_current{network="retroshare",what="identities"} 1',
    '# TYPE foyer_stanzas_total counter',
    'foyer_stanzas_total{direction="in",kind="iq"} 4',
    'foyer_stanza_errors_total{direction="out",condition="forbidden"} 1',
    'foyer_sessions 3',
    'foyer_send_queue_bytes{to="clients"} 700',
    'foyer_info{version="1.2.3"} 1',
  ])
    expect(text.split('\n')).toContain(line)
})

test('what ends in _total is a counter, and nothing else is', async () => {
  const component = () => ({ isUp: true, links: 3, tooLarge: 0, missed: 2, unaddressed: 0, unreadable: 0 })
  const { text } = await createMetrics('1', sources({ component })).render()
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => ({ name, type }))
  expect(types.length).toBeGreaterThan(50)
  const ours = types.filter(({ name }) => !name.startsWith('foyer_nodejs_'))
  expect(ours.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'))).toEqual([])
  expect(text).toContain('foyer_component_reconnects_total 2')
  expect(text).toContain('foyer_component_dropped_total{reason="host_away"} 2')
})

test('what has not happened yet is told as zero, so that the first time shows as an increase', async () => {
  const metrics = createMetrics('1', sources())
  expect((await metrics.render()).text).toContain('foyer_messages_refused_total{reason="archive"} 0')
  metrics.messageRefused('archive')
  expect((await metrics.render()).text).toContain('foyer_ghosts_removed_total{cause="silent"} 0')
  metrics.message('in', -3)
  const { text } = await metrics.render()
  expect(text).toContain('foyer_messages_refused_total{reason="archive"} 1')
  expect(text).toContain('foyer_relay_seconds_sum{direction="in"} 0')
})

test('without component and certificate there is nothing about them', async () => {
  const { text } = await createMetrics('1', sources()).render()
  expect(text).not.toMatch(/component|certificate/)
  const withTls = await createMetrics('1', sources({ certificateUntilMs: () => 1_900_000_000_000 })).render()
  expect(withTls.text).toContain('foyer_certificate_expiry_timestamp_seconds 1900000000')
})
