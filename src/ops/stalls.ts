/** How long the event loop stood still, all told: unlike a maximum it is not lost when a scrape is. */
import { Counter, type Registry } from 'prom-client'

const TICK_MS = 500
/** Less is the ordinary lateness of timers. */
const MIN_STALL_MS = 100

/** Counts from now on; the timer does not keep the process. */
export function countStalls(registers: Registry[]): void {
  const stalled = new Counter({
    name: 'foyer_event_loop_stalled_seconds_total',
    help: 'Seconds in which the process did not get to its work: too busy, or stopped',
    registers,
  })
  let dueMs = performance.now() + TICK_MS
  setInterval(() => {
    const lateMs = performance.now() - dueMs
    if (lateMs >= MIN_STALL_MS) stalled.inc(lateMs / 1000)
    dueMs = performance.now() + TICK_MS
  }, TICK_MS).unref()
}
