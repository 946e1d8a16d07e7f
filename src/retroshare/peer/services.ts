/**
 * The services of one link, as one machine: the gate (nothing but service lists passes until both sides offer a
 * service, and hardly anything is sent before the friend shows that it has read our list), heartbeat, round trip,
 * discovery. Chat and GXS items pass through to others. Source: docs/retroshare.md §3.3, §5.
 */
import type { FriendId, ParticipantId } from '../../util/ids.ts'
import type { ChatItem, ContactItem, GxsItem, Item, WireAddress } from '../wire/item.ts'
import { SERVICE } from '../wire/item.ts'
import type { DiscoveryEffect, DiscoveryState, SelfContact } from './discovery.ts'
import { ownContact, startDiscovery, takeDiscovery, tickDiscovery } from './discovery.ts'
import type { HeartbeatState } from './heartbeat.ts'
import { startHeartbeat, tickHeartbeat } from './heartbeat.ts'
import type { RttSample, RttState } from './rtt.ts'
import { answerPing, startRtt, takePong, tickRtt } from './rtt.ts'
import { compatibleServices, OUR_SERVICES } from './service-info.ts'

/** `status` values: only this one is ever sent. */
const ONLINE = 3
/** A friend that has said nothing this long after its list is taken to have read ours. */
export const SILENT_GATE_MS = 3000

/** State of the services of one link, from its up to its down. */
export interface ServicesState {
  /** Services that both sides offer: what comes is taken. Empty before the friend's list, which came at `listedAtMs`. */
  offered: ReadonlySet<number>
  listedAtMs: number
  /** Of these, the services of which the friend takes what we send: all, or none before it has read our list. */
  open: ReadonlySet<number>
  readonly heartbeat: HeartbeatState
  readonly rtt: RttState
  readonly discovery: DiscoveryState
}

/** What a step may know. */
export interface ServicesEnv {
  readonly nowMs: number
  readonly self: SelfContact
  /** The friend's address as we see it; told to it. */
  readonly friendAddress: WireAddress
  /** Own identities that friends may know of. */
  readonly ownIdentities: ReadonlySet<ParticipantId>
}

export type ServicesEvent =
  | { readonly kind: 'item'; readonly item: Item }
  /** Time passed, or own identities changed. */
  | { readonly kind: 'tick' }
  /** The friend's key arrived and was found good. */
  | { readonly kind: 'key-known' }

export type ServicesEffect =
  | { readonly kind: 'send'; readonly item: Item }
  /** A service began or ceased to work on this link. */
  | { readonly kind: 'opened'; readonly service: number }
  | { readonly kind: 'closed'; readonly service: number }
  /** An item for others; its service is open. */
  | { readonly kind: 'chat'; readonly item: ChatItem }
  | { readonly kind: 'gxs'; readonly item: GxsItem }
  /** What the friend says of its user; see docs/retroshare.md §5.6 for the numbers. */
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'measured'; readonly sample: RttSample }
  | { readonly kind: 'contact'; readonly contact: ContactItem }
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'identities'; readonly ids: readonly ParticipantId[] }
  /** An item came for a service that is not open; it was dropped. */
  | { readonly kind: 'not-open'; readonly service: number }

/** A link is up: the state, and the list that must precede everything else. */
export function startServices(
  friend: { readonly id: FriendId; readonly pgpId: string; readonly needsKey: boolean },
  nowMs: number,
): { state: ServicesState; effects: ServicesEffect[] } {
  return {
    state: {
      offered: new Set(),
      listedAtMs: nowMs,
      open: new Set(),
      heartbeat: startHeartbeat(nowMs),
      rtt: startRtt(nowMs),
      discovery: startDiscovery(friend.id, friend.pgpId, friend.needsKey, nowMs),
    },
    effects: [{ kind: 'send', item: { kind: 'service-info', services: OUR_SERVICES } }],
  }
}

export function stepServices(state: ServicesState, event: ServicesEvent, env: ServicesEnv): ServicesEffect[] {
  switch (event.kind) {
    case 'item':
      return takeItem(state, event.item, env)
    case 'tick':
      return env.nowMs - state.listedAtMs >= SILENT_GATE_MS ? openServices(state, env) : tick(state, env)
    case 'key-known':
      state.discovery.needsKey = false
      return []
  }
}

function tick(state: ServicesState, env: ServicesEnv): ServicesEffect[] {
  const effects: ServicesEffect[] = []
  const send = (item: Item | undefined): void => {
    if (item) effects.push({ kind: 'send', item })
  }
  if (state.open.has(SERVICE.heartbeat)) send(tickHeartbeat(state.heartbeat, env.nowMs))
  if (state.open.has(SERVICE.rtt)) send(tickRtt(state.rtt, env.nowMs))
  if (state.open.has(SERVICE.disc))
    effects.push(...tickDiscovery(state.discovery, env.ownIdentities, env.nowMs))
  return effects
}

function takeItem(state: ServicesState, item: Item, env: ServicesEnv): ServicesEffect[] {
  const service = serviceOf(item)
  if (service === undefined) return []
  if (item.kind === 'service-info') return takeList(state, compatibleServices(item.services), env)
  if (!state.offered.has(service)) return [{ kind: 'not-open', service }]
  // RetroShare sends nothing of a service before it has read our list, and drops what it reads together with the list.
  const opened = state.open === state.offered ? [] : openServices(state, env)
  return [...opened, ...takeOffered(state, item, env)]
}

function takeOffered(state: ServicesState, item: Item, env: ServicesEnv): ServicesEffect[] {
  switch (item.kind) {
    case 'rtt-ping':
      return [{ kind: 'send', item: answerPing(item, env.nowMs) }]
    case 'rtt-pong': {
      const sample = takePong(state.rtt, item, env.nowMs)
      return sample ? [{ kind: 'measured', sample }] : []
    }
    case 'contact':
    case 'pgp-list':
    case 'pgp-key':
    case 'identity-list':
      return takeDiscovery(state.discovery, item, env.self)
    case 'gxs-sync-request':
    case 'gxs-group-entry':
    case 'gxs-group':
    case 'gxs-statistics':
    case 'gxs-transaction':
    case 'gxs-pull':
      return [{ kind: 'gxs', item }]
    case 'status':
      return [{ kind: 'status', status: item.status }]
    case 'heartbeat':
    case 'bandwidth':
    case 'service-info':
    case 'slice-probe':
    case 'unknown':
      return []
    default:
      return [{ kind: 'chat', item }]
  }
}

/** A new list replaces the old. To the first one a heartbeat shows that it was read; the rest waits for the friend's. */
function takeList(state: ServicesState, offered: ReadonlySet<number>, env: ServicesEnv): ServicesEffect[] {
  const isFirst = state.offered.size === 0
  state.offered = offered
  if (state.open.size > 0) return openServices(state, env)
  if (!isFirst) return []
  state.listedAtMs = env.nowMs
  const beat = offered.has(SERVICE.heartbeat) && tickHeartbeat(state.heartbeat, env.nowMs)
  return beat ? [{ kind: 'send', item: beat }] : []
}

/** What both sides offer is open from now on: what opens is greeted, what closes is reported. */
function openServices(state: ServicesState, env: ServicesEnv): ServicesEffect[] {
  const before = state.open
  const now = state.offered
  state.open = now
  const effects: ServicesEffect[] = []
  for (const service of before) if (!now.has(service)) effects.push({ kind: 'closed', service })
  for (const service of now) if (!before.has(service)) effects.push({ kind: 'opened', service })
  const opens = (service: number): boolean => now.has(service) && !before.has(service)
  if (opens(SERVICE.disc)) {
    state.discovery.told.clear()
    const contact = ownContact(env.self, env.friendAddress, env.nowMs)
    effects.push({ kind: 'send', item: contact } satisfies DiscoveryEffect)
  }
  if (opens(SERVICE.status)) {
    const sentAtSec = Math.floor(env.nowMs / 1000)
    effects.push({ kind: 'send', item: { kind: 'status', sentAtSec, status: ONLINE } })
  }
  return [...effects, ...tick(state, env)]
}

/** Service that an item belongs to; `undefined` for what needs none or is not ours to read. */
export function serviceOf(item: Item): number | undefined {
  switch (item.kind) {
    case 'slice-probe':
    case 'unknown':
      return undefined
    case 'service-info':
      return SERVICE.serviceInfo
    case 'heartbeat':
      return SERVICE.heartbeat
    case 'rtt-ping':
    case 'rtt-pong':
      return SERVICE.rtt
    case 'bandwidth':
      return SERVICE.bandwidth
    case 'status':
      return SERVICE.status
    case 'contact':
    case 'pgp-list':
    case 'pgp-key':
    case 'identity-list':
      return SERVICE.disc
    case 'gxs-sync-request':
    case 'gxs-group-entry':
    case 'gxs-group':
    case 'gxs-statistics':
    case 'gxs-transaction':
    case 'gxs-pull':
      return SERVICE.gxsId
    default:
      return SERVICE.chat
  }
}
