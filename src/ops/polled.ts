/** Metrics whose values are kept elsewhere and read when somebody scrapes. */
import { Counter, Gauge, type Registry } from 'prom-client'

/** Labels by name, and the value for them. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

/** What a polled metric is called and means. */
export interface PolledMetric {
  readonly name: string
  readonly help: string
  readonly labelNames?: string[]
  readonly registers: Registry[]
}

/** Running totals: they only grow while the process lives. */
export function polledCounter(metric: PolledMetric, read: () => Iterable<Sample>): void {
  new Counter({
    ...metric,
    collect() {
      this.reset()
      for (const [labels, value] of read()) this.inc(labels, value)
    },
  })
}

/** Values that go up and down; a sample that is no longer given is gone. */
export function polledGauge(metric: PolledMetric, read: () => Iterable<Sample>): void {
  new Gauge({
    ...metric,
    collect() {
      this.reset()
      for (const [labels, value] of read()) this.set(labels, value)
    },
  })
}
