/** What a canary tells Prometheus: whether it comes through, and how fast. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export interface CanaryMetrics {
  /** Seconds until it was shown in the room, and until it came back through the lobby (null without a far end). */
  came(roomSec: number, lobbySec: number | null): void
  failed(): void
  render(): Promise<{ contentType: string; text: string }>
}

export function createCanaryMetrics(): CanaryMetrics {
  const registry = new Registry()
  const registers = [registry]
  const up = new Gauge({ name: 'foyer_canary_up', help: '1 when the last round came through', registers })
  const rounds = new Counter({
    name: 'foyer_canary_rounds_total',
    help: 'Rounds by what became of them',
    labelNames: ['result'],
    registers,
  })
  const trip = new Histogram({
    name: 'foyer_canary_round_trip_seconds',
    help: 'Time until a message was shown in its room, and until it was answered through the lobby',
    labelNames: ['through'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  for (const result of ['ok', 'failed']) rounds.inc({ result }, 0)
  return {
    came: (roomSec, lobbySec) => {
      up.set(1)
      rounds.inc({ result: 'ok' })
      trip.observe({ through: 'room' }, roomSec)
      if (lobbySec !== null) trip.observe({ through: 'lobby' }, lobbySec)
    },
    failed: () => {
      up.set(0)
      rounds.inc({ result: 'failed' })
    },
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
