/** One round of a canary: said in a room, shown there, and, with a far end, through the lobby and back. */
import { randomUUID } from 'node:crypto'
import { CanaryGuest, type Login } from './guest.ts'

/** A room, and how to get in. */
export interface CanaryEnd {
  readonly login: Login
  readonly room: string
}

/** Seconds from saying it. `lobbySec`: until the answer of the far end was here; null without one. */
export interface CanaryRound {
  readonly roomSec: number
  readonly lobbySec: number | null
}

/** Rejects with CANARY_FAILED, which says at which step. */
export async function flyCanary(near: CanaryEnd, far: CanaryEnd | null): Promise<CanaryRound> {
  const here = new CanaryGuest(near.login, near.room, 'canary')
  const there = far && new CanaryGuest(far.login, far.room, 'canary-far')
  try {
    await Promise.all([here.enter(), there?.enter()])
    const call = `canary ${randomUUID()}`
    const [shown, arrived, answered] = [here.hear(call), there?.hear(call), here.hear(`${call} back`)]
    const startedAtMs = performance.now()
    const elapsedSec = (): number => (performance.now() - startedAtMs) / 1000
    await here.say(call)
    await shown
    const roomSec = elapsedSec()
    if (!there) return { roomSec, lobbySec: null }
    await arrived
    await there.say(`${call} back`)
    await answered
    return { roomSec, lobbySec: elapsedSec() }
  } finally {
    await Promise.all([here.leave(), there?.leave()])
  }
}
