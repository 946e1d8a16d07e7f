/** Items on their way to friends, each at the pace that the friend allows. Source: docs/routing.md, flood. */
import type { FriendId } from '../../util/ids.ts'
import type { Item } from '../wire/item.ts'
import { ourLimit } from './flood.ts'
import { FLOOD, TIMING } from './limits.ts'
import { type Held, isMinor, type Origin, type Way } from './pace.ts'
import { authorLimit, floodLimit } from './rate.ts'
import { type JoinedLobby, note, type Peer, population, routeFrom, type Step, send, wakeBy } from './state.ts'
import { listEntry } from './view.ts'

/** Sends an item to all connected friends that take part but `source`, or has it wait. True when there is any. */
export function spread(step: Step, lobby: JoinedLobby, held: Held, source: FriendId | null): boolean {
  const { item, raw } = held
  // What a friend repeats makes place for what is new all along its way.
  const isLate = step.nowMs - item.sentAtSec * 1000 > TIMING.lateMs
  const way = wayOf(lobby, isLate ? 'repeated' : source === null ? 'own' : 'relayed')
  const { peers, friends: all } = routeFrom(lobby, source)
  // Mostly it goes to all, and then the list of the route serves.
  let some: FriendId[] | null = null
  let place = 0
  for (const peer of peers) {
    if (!offer(step, lobby, peer, held, way)) some ??= all.slice(0, place)
    else some?.push(peer.friend)
    place += 1
  }
  const friends = some ?? all
  if (friends.length > 0) step.effects.push({ kind: 'forward', friends, item, raw })
  return peers.length > 0
}

/** Sends a friend again what it may have missed, or has it wait. */
export function repeatTo(step: Step, lobby: JoinedLobby, peer: Peer, held: Held): void {
  if (offer(step, lobby, peer, held, wayOf(lobby, 'repeated'))) forward(step, peer, held)
}

/** Lets go what waits and may go now, and has itself called when there will be more. */
export function letGo(step: Step, lobby: JoinedLobby): void {
  let limit: number | undefined
  for (const peer of lobby.online) {
    if (peer.traffic.pace.isIdle) continue
    limit ??= ourLimit(lobby)
    drain(step, lobby, peer, limit)
  }
}

function drain(step: Step, lobby: JoinedLobby, peer: Peer, limit: number): void {
  const { pace } = peer.traffic
  for (let held = pace.next(limit, step.nowMs); held; held = pace.next(limit, step.nowMs)) {
    vouch(step, lobby, peer, held)
    forward(step, peer, held)
  }
  wakeBy(step, pace.nextAtMs(limit, step.nowMs))
}

/** Sends at once what still waits: there is no later. */
export function flush(step: Step, lobby: JoinedLobby): void {
  for (const peer of lobby.online) for (const held of peer.traffic.pace.flush()) forward(step, peer, held)
}

function wayOf(lobby: JoinedLobby, origin: Origin): Way {
  const limit = ourLimit(lobby)
  return { origin, limit, authorLimit: authorLimit(limit) }
}

function offer(step: Step, lobby: JoinedLobby, peer: Peer, held: Held, way: Way): boolean {
  const { pace } = peer.traffic
  switch (pace.offer(held, way, step.nowMs)) {
    case 'go':
      vouch(step, lobby, peer, held)
      return true
    case 'held':
      // What it is behind may be of an author that has to wait longer.
      drain(step, lobby, peer, way.limit)
      return false
    case 'dropped':
      note(step, 'NO_PLACE', peer.friend, lobby.id)
      return false
  }
}

const forward = (step: Step, { friend }: Peer, { item, raw }: Held): void => {
  step.effects.push({ kind: 'forward', friends: [friend], item, raw })
}

/**
 * The friend takes more than the least only while it remembers the number of participants that our list gave, and
 * it forgets that whenever it asks for lists. So the number goes before what needs it; before keep-alives only
 * when it was told a while ago.
 */
function vouch(step: Step, lobby: JoinedLobby, { friend, traffic }: Peer, { item }: Held): void {
  const { sent } = traffic.pace
  if (sent <= FLOOD.least) return
  const ageMs = step.nowMs - traffic.listed.atMs
  const isFresh = ageMs <= (isMinor(item) ? TIMING.vouchMs : 0)
  if (isFresh && sent <= floodLimit(traffic.listed.participants)) return
  // One list serves all friends that need it at this moment.
  if (lobby.told?.atMs !== step.nowMs || lobby.told.participants !== population(lobby)) {
    const entry = listEntry(lobby)
    const list: Item = { kind: 'lobby-list', lobbies: [entry] }
    lobby.told = { list, participants: entry.participants, atMs: step.nowMs }
  }
  traffic.listed = lobby.told
  send(step, friend, lobby.told.list)
}
