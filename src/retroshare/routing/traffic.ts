/** Items on their way to friends, each at the pace that the friend allows. Source: docs/routing.md, flood. */
import type { FriendId } from '../../util/ids.ts'
import { ourLimit } from './flood.ts'
import { FLOOD, TIMING } from './limits.ts'
import { type Held, isMinor, type Origin } from './pace.ts'
import { floodLimit } from './rate.ts'
import { type JoinedLobby, note, type Peer, type Step, send, wakeBy } from './state.ts'
import { listEntry } from './view.ts'

/** Sends an item to all connected friends that take part but `source`, or has it wait. True when there is any. */
export function spread(step: Step, lobby: JoinedLobby, held: Held, source: FriendId | null): boolean {
  const { item, raw } = held
  const limit = ourLimit(lobby)
  const friends: FriendId[] = []
  let isTaken = false
  for (const peer of lobby.online) {
    if (peer.friend === source) continue
    isTaken = true
    if (offer(step, lobby, peer, held, { origin: source === null ? 'own' : 'relayed', limit }))
      friends.push(peer.friend)
  }
  if (friends.length > 0) step.effects.push({ kind: 'forward', friends, item, raw })
  return isTaken
}

/** Sends a friend again what it may have missed, or has it wait. */
export function repeatTo(step: Step, lobby: JoinedLobby, peer: Peer, held: Held): void {
  if (offer(step, lobby, peer, held, { origin: 'repeated', limit: ourLimit(lobby) }))
    forward(step, peer, held)
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

function offer(
  step: Step,
  lobby: JoinedLobby,
  peer: Peer,
  held: Held,
  { origin, limit }: { readonly origin: Origin; readonly limit: number },
): boolean {
  const { pace } = peer.traffic
  switch (pace.offer(held, origin, limit, step.nowMs)) {
    case 'go':
      vouch(step, lobby, peer, held)
      return true
    case 'held':
      // What it is behind may be of an author that has to wait longer.
      drain(step, lobby, peer, limit)
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
  const sent = traffic.pace.sent(step.nowMs)
  if (sent <= FLOOD.least) return
  const ageMs = step.nowMs - traffic.listed.atMs
  const isFresh = ageMs <= (isMinor(item) ? TIMING.vouchMs : 0)
  if (isFresh && sent <= floodLimit(traffic.listed.participants)) return
  const entry = listEntry(lobby)
  traffic.listed = { participants: entry.participants, atMs: step.nowMs }
  send(step, friend, { kind: 'lobby-list', lobbies: [entry] })
}
