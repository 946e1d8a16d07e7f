/** How much is said in a room: messages per hour over the last day, XEP-0502. */

/** Hours that count, and the one that is going on. */
const HOURS_KEPT = 24
const MS_PER_HOUR = 3_600_000

/** Counts by hour; changed by `countMessage` alone. */
export interface MessageRate {
  /** By hour of the epoch, modulo its length. */
  readonly counts: Uint32Array
  /** Hour of the epoch in which counting began. */
  readonly sinceHour: number
  /** The last hour that has a count. */
  hour: number
}

const hourOf = (nowMs: number): number => Math.floor(nowMs / MS_PER_HOUR)

/** What is counted of a room, from now on if nothing was. */
export function rateOf(room: { rate: MessageRate | undefined }, nowMs: number): MessageRate {
  room.rate ??= newMessageRate(nowMs)
  return room.rate
}

/** Nothing counted yet. */
export const newMessageRate = (nowMs: number): MessageRate => ({
  counts: new Uint32Array(HOURS_KEPT + 1),
  sinceHour: hourOf(nowMs),
  hour: hourOf(nowMs),
})

/** A message with a body that is no correction. */
export function countMessage(rate: MessageRate, nowMs: number): void {
  moveTo(rate, hourOf(nowMs))
  rate.counts[rate.hour % rate.counts.length] = (rate.counts[rate.hour % rate.counts.length] ?? 0) + 1
}

/** Messages per hour, over at most 24 hours that are complete; undefined before the first one is. */
export function messagesPerHour(rate: MessageRate, nowMs: number): number | undefined {
  moveTo(rate, hourOf(nowMs))
  const hours = Math.min(HOURS_KEPT, rate.hour - rate.sinceHour)
  if (hours <= 0) return undefined
  const current = rate.counts[rate.hour % rate.counts.length] ?? 0
  return (rate.counts.reduce((sum, count) => sum + count, 0) - current) / hours
}

/** Messages of the last 24 hours and of the one that is going on, hour by hour, the newest last. */
export function messagesByHour(rate: MessageRate, nowMs: number): number[] {
  moveTo(rate, hourOf(nowMs))
  const { length } = rate.counts
  return Array.from({ length }, (_, i) => rate.counts[(rate.hour + 1 + i) % length] ?? 0)
}

/** Hours that went by had no messages. A clock that goes back changes nothing. */
function moveTo(rate: MessageRate, hour: number): void {
  const steps = Math.min(hour - rate.hour, rate.counts.length)
  for (let step = 0; step < steps; step++) rate.counts[(hour - step) % rate.counts.length] = 0
  rate.hour = Math.max(rate.hour, hour)
}
