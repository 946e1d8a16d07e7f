// Alert rules, dashboard and incident pages: they name metrics and alerts that exist, and each alert has its page.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createCanaryMetrics } from '../src/ops/canary-metrics.ts'
import { createMetrics, type Gauges } from '../src/ops/metrics.ts'
import { documents, sectionsOf } from './support/documents.ts'

const { groups } = parse(readFileSync('config/prometheus/foyer.rules.yml', 'utf8')) as {
  groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[]
}
const rules = groups.flatMap((group) => group.rules)
const dashboard = readFileSync('config/grafana/foyer.json', 'utf8')

async function metricNames(): Promise<Set<string>> {
  const metrics = createMetrics('0', {
    gauges: async () => ({}) as Gauges,
    networkCounters: () => ({}),
    sendQueues: () => [],
    stanzas: () => [],
    stanzaErrors: () => [],
    component: () => ({ isUp: true, links: 0, tooLarge: 0, missed: 0, unaddressed: 0, unreadable: 0 }),
    certificateUntilMs: () => 0,
  })
  const text = (await metrics.render()).text + (await createCanaryMetrics().render()).text
  return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name))
}

test('rules and dashboard name metrics that exist', async () => {
  const names = await metricNames()
  const used = [...rules.map(({ expr }) => expr), dashboard].flatMap(
    (text) => text.match(/\bfoyer_\w+/g) ?? [],
  )
  expect(used.length).toBeGreaterThan(40)
  expect(used.filter((name) => !names.has(name.replace(/_bucket$/, '')))).toEqual([])
})

test('documents name metrics that exist, and docs/operating.md all of ours', async () => {
  const names = await metricNames()
  const bad: string[] = []
  // What was renamed keeps its old name in the history.
  for (const [path, text] of documents)
    if (path !== 'CHANGELOG.md')
      for (const [name] of text.matchAll(/\bfoyer_\w+/g))
        if (!names.has(name.replace(/_(bucket|sum|count)$/, ''))) bad.push(`${path}: ${name}`)
  expect(bad).toEqual([])
  const page = documents.get('docs/operating.md') ?? ''
  const own = [...names].filter((name) => !/^foyer_(nodejs|process)_/.test(name))
  expect(own.length).toBeGreaterThan(30)
  expect(own.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test('every alert has its page, and every page its alert', () => {
  const pages = sectionsOf(documents.get('docs/incidents.md') ?? '')
  expect([...pages.keys()].sort()).toEqual(rules.map(({ alert }) => alert).sort())
  for (const [alert, text] of pages)
    for (const part of ['**Means**', '**Look at**', '**Do**']) expect(text, alert).toContain(part)
  for (const { alert, annotations } of rules)
    expect(annotations.runbook).toBe(`docs/incidents.md#${alert.toLowerCase()}`)
})
