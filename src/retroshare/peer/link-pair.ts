/**
 * Which of the links to one friend lives and is written on: a friend has one link, or for a moment two when both sides
 * dialled at once. A pure machine: events in, effects out. Source: docs/retroshare.md, dial race and the rule.
 *
 * 1. Our dial ends while a link accepted from the friend exists: ours is closed before its first byte (`mayOpenDial`).
 * 2. A link is accepted while our dialled one exists: both are read, the dialled one is written on; RetroShare closes
 *    the other. When neither side closed one after `settleMs`, the link dialled by the lower location id stays, and
 *    the other side ends its own in order: it writes no more, and goes on when the friend has read all and closed.
 * 3. A link accepted much later than the existing one means that the friend began anew: the older one is closed.
 *
 * A link counts from the first byte of the friend on it: before that a finished handshake does not mean acceptance.
 */
import type { Timings } from './timings.ts'

/** Who opened the TCP connection: we dialled, or accepted the friend's dial. */
export type LinkRole = 'dialled' | 'accepted'

interface PairLink {
  readonly id: number
  readonly role: LinkRole
  readonly verifiedAtMs: number
  /** When the first byte came; undefined while the link is silent. */
  heardAtMs: number | undefined
  retiring: boolean
}

/** Links of one friend that are verified and not closed, oldest first. */
export interface PairState {
  links: PairLink[]
  isUp: boolean
}

export type PairEvent =
  | { readonly kind: 'verified'; readonly link: number; readonly role: LinkRole }
  /** The first byte came. */
  | { readonly kind: 'heard'; readonly link: number }
  | { readonly kind: 'closed'; readonly link: number }
  /** The time `wakeAtMs` is reached. */
  | { readonly kind: 'wake' }

export type PairEffect =
  | { readonly kind: 'close'; readonly link: number; readonly reason: 'replaced' | 'too-many' }
  /** Write no more, end the stream, and leave it to the friend to close. */
  | { readonly kind: 'retire'; readonly link: number }
  | { readonly kind: 'up'; readonly link: number }
  /** `replaced`: the friend began anew, and `up` follows. */
  | { readonly kind: 'down'; readonly replaced: boolean }

/** What a step may know. `isLower`: our location id is lower than the friend's. */
export interface PairEnv {
  readonly nowMs: number
  readonly isLower: boolean
  readonly timings: Pick<Timings, 'raceMs' | 'holdMs' | 'settleMs'>
}

/** Verified links that one friend may have at a time. */
const MAX_LINKS = 4

export const startPair = (): PairState => ({ links: [], isUp: false })

/** Rule 1, to be asked at the moment at which the handshake of our dial ends. */
export const mayOpenDial = (state: PairState): boolean => state.links.every(({ role }) => role === 'dialled')

export function stepPair(state: PairState, event: PairEvent, env: PairEnv): PairEffect[] {
  switch (event.kind) {
    case 'verified':
      return verified(state, event.link, event.role, env)
    case 'heard':
      return heard(state, event.link, env)
    case 'closed':
      state.links = state.links.filter(({ id }) => id !== event.link)
      return goDownWhenLost(state, env)
    case 'wake':
      return [...goDownWhenLost(state, env), ...retireWhenSettled(state, env)]
  }
}

/** The link to write on now; undefined while there is none or while it is not decided. */
export function writerOf(state: PairState, env: PairEnv): number | undefined {
  const dialled = state.links.find(({ role }) => role === 'dialled')
  if (dialled?.retiring) return undefined
  if (dialled?.heardAtMs !== undefined) return dialled.id
  const accepted = state.links.findLast((link) => link.role === 'accepted' && isHeard(link))
  return accepted && !(dialled && isHeld(dialled, env)) ? accepted.id : undefined
}

/** When the next `wake` is due; undefined when time alone changes nothing. */
export function wakeAtMs(state: PairState, env: PairEnv): number | undefined {
  const dialled = state.links.find(({ role }) => role === 'dialled')
  if (!dialled || dialled.retiring) return undefined
  if (dialled.heardAtMs === undefined)
    return isHeld(dialled, env) ? dialled.verifiedAtMs + env.timings.holdMs : undefined
  return env.isLower ? undefined : settledAtMs(state, dialled, env)
}

function verified(state: PairState, id: number, role: LinkRole, env: PairEnv): PairEffect[] {
  state.links.push({ id, role, verifiedAtMs: env.nowMs, heardAtMs: undefined, retiring: false })
  const [oldest] = state.links
  return oldest && state.links.length > MAX_LINKS
    ? [...remove(state, oldest, 'too-many'), ...goDownWhenLost(state, env)]
    : []
}

function heard(state: PairState, id: number, env: PairEnv): PairEffect[] {
  const link = state.links.find((each) => each.id === id)
  if (!link || isHeard(link)) return []
  link.heardAtMs = env.nowMs
  const others = state.links.filter((other) => other !== link && isHeard(other) && !isRace(other, link, env))
  const stale = others.filter((other) => other.verifiedAtMs <= link.verifiedAtMs)
  if (stale.length < others.length) return remove(state, link, 'replaced')
  const closes = stale.flatMap((other) => remove(state, other, 'replaced'))
  const wasUp = state.isUp
  state.isUp = true
  if (!wasUp) return [...closes, { kind: 'up', link: id }]
  return closes.length > 0 ? [...closes, { kind: 'down', replaced: true }, { kind: 'up', link: id }] : []
}

function goDownWhenLost(state: PairState, env: PairEnv): PairEffect[] {
  if (!state.isUp || state.links.some((link) => isHeard(link) || isHeld(link, env))) return []
  state.isUp = false
  return [{ kind: 'down', replaced: false }]
}

function retireWhenSettled(state: PairState, env: PairEnv): PairEffect[] {
  const dialled = state.links.find(({ role }) => role === 'dialled')
  if (!dialled || dialled.retiring || env.isLower) return []
  const atMs = settledAtMs(state, dialled, env)
  if (atMs === undefined || atMs > env.nowMs) return []
  dialled.retiring = true
  return [{ kind: 'retire', link: dialled.id }]
}

/** When a pair of heard links has had its time. */
function settledAtMs(state: PairState, dialled: PairLink, env: PairEnv): number | undefined {
  const accepted = state.links.find((link) => link.role === 'accepted' && isHeard(link))
  if (accepted?.heardAtMs === undefined || dialled.heardAtMs === undefined) return undefined
  return Math.max(accepted.heardAtMs, dialled.heardAtMs) + env.timings.settleMs
}

function remove(state: PairState, link: PairLink, reason: 'replaced' | 'too-many'): PairEffect[] {
  state.links = state.links.filter((other) => other !== link)
  return [{ kind: 'close', link: link.id, reason }]
}

const isHeard = (link: PairLink): boolean => link.heardAtMs !== undefined

/** A dial of ours that the friend may still be about to take. */
const isHeld = (link: PairLink, env: PairEnv): boolean =>
  link.role === 'dialled' && !isHeard(link) && env.nowMs < link.verifiedAtMs + env.timings.holdMs

const isRace = (a: PairLink, b: PairLink, env: PairEnv): boolean =>
  a.role !== b.role && Math.abs(a.verifiedAtMs - b.verifiedAtMs) <= env.timings.raceMs
