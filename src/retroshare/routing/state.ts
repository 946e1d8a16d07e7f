/** State of the lobby router and what its parts share: the running step and its effects. */
import type { LobbyInfo, LobbyUpdate } from '../../lobby/lobby.ts'
import type { FriendId, LobbyId, ParticipantId, SpeakerId } from '../../util/ids.ts'
import { type Item, LOBBY_FLAG } from '../wire/item.ts'
import { Asking } from './asking.ts'
import { Directory } from './directory.ts'
import { BOUND, TIMING } from './limits.ts'
import { Pace } from './pace.ts'
import { Participants } from './participants.ts'
import { RecentMessages, type Replay } from './recent-messages.ts'
import type {
  Barred,
  NoteCode,
  RouterEffect,
  RouterEnv,
  RouterOptions,
  SavedLobby,
  SignToken,
} from './router-port.ts'
import { SeenCache } from './seen-cache.ts'
import { Window } from './window.ts'

/** One of our own that speaks in a lobby. */
export interface Speaker {
  readonly id: SpeakerId
  readonly author: ParticipantId
  readonly nick: string
  readonly sinceMs: number
  /** Somebody has been told of it. */
  isAnnounced: boolean
  /** Last JOINED or KEEP_ALIVE, and when the next is due. */
  lastHeardMs: number
  dueMs: number
  lastTypingMs: number
}

/** An own item that waits for its signature, or for earlier items that do. */
export interface Unsigned {
  readonly token: SignToken
  /** Whom to tell when a message cannot be sent; null for events. */
  readonly said: { readonly speaker: SpeakerId; readonly ref: string } | null
  answer: Replay | 'failed' | null
}

/** What passes between this node and one friend in one lobby. It outlives links, as the friend's own count does. */
export interface Traffic {
  /** New items that the friend brought, by author. */
  readonly inflow: Window
  /** The author of the newest of them, refused ones included, and when it was another one than before. */
  voice: { readonly author: ParticipantId | null; readonly changedMs: number }
  /** What goes to the friend. */
  readonly pace: Pace
  /** How many participants our list last told the friend of, and when. */
  listed: { readonly participants: number; readonly atMs: number }
}

/** A connected friend that takes part. */
export interface Peer {
  readonly friend: FriendId
  readonly traffic: Traffic
}

/** All to whom an item goes that came from one of them, or from ourselves. */
export interface Route {
  readonly peers: readonly Peer[]
  readonly friends: readonly FriendId[]
}

/** A friend that takes part in a lobby. */
export interface Neighbour {
  /** Messages of the lobby since then may not have reached this friend. */
  missedSinceMs: number
}

/** A lobby that this node takes part in. */
export interface JoinedLobby {
  readonly id: LobbyId
  readonly name: string
  topic: string
  readonly flags: number
  readonly isOwn: boolean
  readonly neighbours: Map<FriendId, Neighbour>
  /** Friends that took part and unsubscribed. */
  readonly former: Set<FriendId>
  /** Friends that have not read our invitation yet, and when it was written to them; infinite while it was not. */
  readonly invited: Map<FriendId, number>
  readonly traffic: Map<FriendId, Traffic>
  /** The last list of this lobby alone. */
  told: { readonly list: Item; readonly participants: number; readonly atMs: number } | null
  /** The neighbours that are connected; kept by `countPeers`. */
  online: readonly Peer[]
  /** Made from `online` when needed, by source; null for own items. */
  readonly routes: Map<FriendId | null, Route>
  readonly seen: SeenCache
  readonly participants: Participants
  readonly speakers: Map<SpeakerId, Speaker>
  /** The identities under which our speakers speak. */
  readonly authors: Map<ParticipantId, SpeakerId>
  /** Our people that have no identity yet. */
  expected: number
  readonly recent: RecentMessages
  /** Oldest first. */
  readonly outbox: Unsigned[]
  /** Places for messages that are about to be said, oldest first. */
  readonly booked: { readonly speaker: SpeakerId; readonly untilMs: number }[]
  /** Challenges of a private lobby; null in a public one, about which nobody asks. */
  readonly asking: Asking | null
  lastJoinedMs: number
  /** The second, as it stands in items, of the last LEFT of a speaker of ours. */
  lastLeftSec: number
  isLeft: boolean
}

export interface Invitation {
  readonly name: string
  readonly topic: string
  readonly flags: number
  readonly friends: Set<FriendId>
}

export interface Router {
  readonly options: RouterOptions
  /** Connected friends, and since when. */
  readonly up: Map<FriendId, number>
  /** Of those, up to which time they have read what was written to them, if they ever answered. */
  readonly readUntilMs: Map<FriendId, number>
  /** Friends that have listed nothing on this link yet, or are not connected: since when messages may have missed them. */
  readonly unlistedMs: Map<FriendId, number>
  readonly lobbies: Map<LobbyId, JoinedLobby>
  /** Identities whose items are dropped at the door. */
  readonly banned: Set<ParticipantId>
  /** Friends whose lobbies are ignored, and whether they are connected. To the rest of the router they are not. */
  readonly ignored: Map<FriendId, boolean>
  /** How many challenges each friend may send, as of when. */
  readonly challengers: Map<FriendId, { readonly left: number; readonly atMs: number }>
  readonly directory: Directory
  readonly invitations: Map<LobbyId, Invitation>
  /** What was last told of each lobby. */
  readonly told: Map<LobbyId, LobbyInfo>
  /** Lobbies whose items wait for signatures. */
  readonly signing: Map<SignToken, JoinedLobby>
  /** Items taken and repeated since the start. */
  readonly counts: { accepted: number; duplicates: number }
  nextToken: SignToken
  /** When lists are next pushed to all friends, and asked for. */
  nextListMs: number
  nextAskMs: number
  wakeAtMs: number
  isStopping: boolean
}

/** One step under way. */
export interface Step {
  readonly router: Router
  readonly env: RouterEnv
  readonly nowMs: number
  readonly effects: RouterEffect[]
}

/** A router that knows no lobby and no friend. */
export const createRouter = (options: RouterOptions): Router => ({
  options,
  up: new Map(),
  readUntilMs: new Map(),
  unlistedMs: new Map(),
  lobbies: new Map(),
  banned: new Set(),
  ignored: new Map(),
  challengers: new Map(),
  directory: new Directory(),
  invitations: new Map(),
  told: new Map(),
  signing: new Map(),
  counts: { accepted: 0, duplicates: 0 },
  nextToken: 1,
  nextListMs: Number.POSITIVE_INFINITY,
  nextAskMs: Number.POSITIVE_INFINITY,
  wakeAtMs: Number.POSITIVE_INFINITY,
  isStopping: false,
})

/** The state of a lobby that has just been joined, or restored. */
export const joinedLobby = (saved: SavedLobby, missedSinceMs: number): JoinedLobby => ({
  id: saved.id,
  name: saved.name,
  topic: saved.topic,
  flags: saved.flags,
  isOwn: saved.isOwn,
  neighbours: new Map(saved.friends.map((friend) => [friend, { missedSinceMs }])),
  former: new Set(saved.formerFriends),
  invited: new Map(),
  traffic: new Map(),
  told: null,
  online: [],
  routes: new Map(),
  seen: new SeenCache(BOUND.seenIds),
  participants: new Participants(),
  speakers: new Map(),
  authors: new Map(),
  expected: 0,
  recent: new RecentMessages(),
  outbox: [],
  booked: [],
  asking: (saved.flags & LOBBY_FLAG.public) === 0 ? new Asking() : null,
  lastJoinedMs: Number.NEGATIVE_INFINITY,
  lastLeftSec: Number.NEGATIVE_INFINITY,
  isLeft: false,
})

/** Counts anew which neighbours of a lobby are connected; to be called whenever one of both changes. */
export function countPeers(router: Router, lobby: JoinedLobby): void {
  const online: Peer[] = []
  for (const friend of lobby.neighbours.keys())
    if (router.up.has(friend)) online.push({ friend, traffic: trafficWith(lobby, friend) })
  lobby.online = online
  lobby.routes.clear()
}

/** To whom an item of `source` goes; null for an own item. */
export function routeFrom(lobby: JoinedLobby, source: FriendId | null): Route {
  const known = lobby.routes.get(source)
  if (known) return known
  const peers = lobby.online.filter(({ friend }) => friend !== source)
  const route = { peers, friends: peers.map(({ friend }) => friend) }
  lobby.routes.set(source, route)
  return route
}

export function trafficWith(lobby: JoinedLobby, friend: FriendId): Traffic {
  const known = lobby.traffic.get(friend)
  if (known) return known
  const traffic = {
    inflow: new Window(TIMING.floodMs),
    voice: { author: null, changedMs: Number.NEGATIVE_INFINITY },
    pace: new Pace(),
    listed: { participants: 0, atMs: Number.NEGATIVE_INFINITY },
  }
  lobby.traffic.set(friend, traffic)
  return traffic
}

/** Participants that are known, own speakers included. */
export const population = (lobby: JoinedLobby): number =>
  lobby.participants.size + lobby.speakers.size + lobby.expected

export const send = (step: Step, friend: FriendId, item: Item): void => {
  step.effects.push({ kind: 'send', friend, item })
}

export const tell = (step: Step, update: LobbyUpdate): void => {
  step.effects.push({ kind: 'update', update })
}

export const note = (
  step: Step,
  code: NoteCode,
  friend: FriendId | null,
  lobby: LobbyId | null = null,
): void => {
  step.effects.push({ kind: 'note', code, friend, lobby })
}

/** Makes sure that a `wake` comes at `atMs` at the latest. */
export const wakeBy = (step: Step, atMs: number): void => {
  step.router.wakeAtMs = Math.min(step.router.wakeAtMs, atMs)
}

export const save = (step: Step, lobby: JoinedLobby): void => {
  step.effects.push({
    kind: 'save',
    lobby: {
      id: lobby.id,
      name: lobby.name,
      topic: lobby.topic,
      flags: lobby.flags,
      isOwn: lobby.isOwn,
      friends: [...lobby.neighbours.keys()],
      formerFriends: [...lobby.former],
    },
  })
}

export const saveInvitations = (step: Step): void => {
  const invitations = [...step.router.invitations].map(([id, invitation]) => {
    const { name, topic, flags, friends } = invitation
    return { id, name, topic, flags, friends: [...friends] }
  })
  step.effects.push({ kind: 'save-invitations', invitations })
}

/** Everybody that is barred. */
export const barred = ({ banned, ignored }: Router): Barred => ({
  banned: [...banned],
  ignored: [...ignored.keys()],
})

export const saveBarred = (step: Step): void => {
  step.effects.push({ kind: 'save-barred', barred: barred(step.router) })
}
