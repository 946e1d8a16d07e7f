/** State of the lobby router and what its parts share: the running step and its effects. */
import type { LobbyInfo, LobbyUpdate } from '../../lobby/lobby.ts'
import type { FriendId, LobbyId, ParticipantId, SpeakerId } from '../../util/ids.ts'
import type { Item } from '../wire/item.ts'
import { Directory } from './directory.ts'
import { BOUND } from './limits.ts'
import { Participants } from './participants.ts'
import { RecentMessages, type Replay } from './recent-messages.ts'
import type {
  NoteCode,
  RouterEffect,
  RouterEnv,
  RouterOptions,
  SavedLobby,
  SignToken,
} from './router-port.ts'
import { SeenCache } from './seen-cache.ts'

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
  readonly seen: SeenCache
  readonly participants: Participants
  readonly speakers: Map<SpeakerId, Speaker>
  /** The identities under which our speakers speak. */
  readonly authors: Map<ParticipantId, SpeakerId>
  readonly recent: RecentMessages
  /** Oldest first. */
  readonly outbox: Unsigned[]
  lastJoinedMs: number
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
  readonly lobbies: Map<LobbyId, JoinedLobby>
  readonly directory: Directory
  readonly invitations: Map<LobbyId, Invitation>
  /** What was last told of each lobby. */
  readonly told: Map<LobbyId, LobbyInfo>
  /** Lobbies whose items wait for signatures. */
  readonly signing: Map<SignToken, JoinedLobby>
  /** Items taken and repeated since the start. */
  readonly counts: { accepted: number; duplicates: number }
  nextToken: SignToken
  nextListMs: number
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
  lobbies: new Map(),
  directory: new Directory(),
  invitations: new Map(),
  told: new Map(),
  signing: new Map(),
  counts: { accepted: 0, duplicates: 0 },
  nextToken: 1,
  nextListMs: Number.POSITIVE_INFINITY,
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
  seen: new SeenCache(BOUND.seenIds),
  participants: new Participants(),
  speakers: new Map(),
  authors: new Map(),
  recent: new RecentMessages(),
  outbox: [],
  lastJoinedMs: Number.NEGATIVE_INFINITY,
  isLeft: false,
})

/** Connected friends that take part in a lobby, but for `except`. */
export function connectedNeighbours(
  router: Router,
  lobby: JoinedLobby,
  except: FriendId | null = null,
): FriendId[] {
  const friends: FriendId[] = []
  for (const friend of lobby.neighbours.keys())
    if (friend !== except && router.up.has(friend)) friends.push(friend)
  return friends
}

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
