/** From the lobby to its room: updates become events, participants become occupants with a nick of their own. */
import type { LobbyInfo, LobbyUpdate } from '../lobby/lobby.ts'
import type { RoomDescription, RoomEvent, SharedFile } from '../muc/room-port.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import type { ArchiveId, LobbyId, ParticipantId } from '../util/ids.ts'
import { type PictureUrl, readLobbyText, type ShownPicture } from './lobby-text.ts'
import type { NickClaim, NickTable } from './nicks.ts'

/** A lobby and the room that shows it, with what both sides must agree on. */
export interface Pairing {
  readonly lobby: LobbyId
  readonly nicks: NickTable
}

/** What the room shall be told, and what is to be stored: nick holders, and pictures before the room shows them. */
export interface ToRoom {
  readonly events: readonly RoomEvent[]
  readonly claims: readonly NickClaim[]
  readonly pictures: readonly ShownPicture[]
}

const NOBODY: ReadonlyMap<string, string> = new Map()
const NOTHING: ToRoom = { events: [], claims: [], pictures: [] }

/** What an update of `pairing.lobby` means to its room. Changes of the lobby itself are for `describeLobby`. */
export function toRoom({ nicks }: Pairing, update: LobbyUpdate, urlOf: PictureUrl): ToRoom {
  switch (update.kind) {
    case 'entered':
      return update.participant.speaker === null
        ? present(nicks, update.participant.id, update.participant.nick)
        : NOTHING
    case 'renamed':
      return present(nicks, update.participant, update.nick)
    case 'left':
      if (!nicks.isPresent(update.participant)) return NOTHING
      nicks.leave(update.participant)
      return { ...NOTHING, events: [{ kind: 'remote-left', id: update.participant }] }
    case 'said':
      return said(nicks, update, urlOf)
    case 'typing':
      return nicks.isPresent(update.participant)
        ? { ...NOTHING, events: [{ kind: 'remote-typing', id: update.participant }] }
        : NOTHING
    case 'not-sent': {
      const { ref, code, text } = update
      const error = notSentError(code, text)
      return { ...NOTHING, events: [{ kind: 'not-sent', ref: ref as ArchiveId, error }] }
    }
    case 'lobby':
    case 'lobby-vanished':
    case 'invited':
    case 'friend':
    case 'friend-said':
    case 'friend-typing':
    case 'speaking-as':
      return NOTHING
  }
}

/** A participant is there under this name: new, renamed, or as before. */
function present(nicks: NickTable, id: ParticipantId, wanted: string): ToRoom {
  const before = nicks.shown(id)
  const { nick, claims } = nicks.enter(id, wanted)
  if (before === nick) return { ...NOTHING, claims }
  return {
    ...NOTHING,
    events:
      before === undefined
        ? [{ kind: 'remote-entered', occupant: { id, nick } }]
        : [{ kind: 'remote-renamed', id, nick }],
    claims,
  }
}

/** Who speaks unseen is named, but not present: nobody would tell when it leaves. */
function said(nicks: NickTable, update: Extract<LobbyUpdate, { kind: 'said' }>, urlOf: PictureUrl): ToRoom {
  const { body, pictures } = readLobbyText(update.text, urlOf)
  if (body === '') return NOTHING
  const id = update.participant
  const shown = nicks.shown(id)
  const { nick, claims } = shown === undefined ? nicks.nickFor(id, update.nick) : { nick: shown, claims: [] }
  return {
    events: [
      {
        kind: 'remote-said',
        occupant: { id, nick },
        body,
        files: pictures.map(fileOf),
        sentAtMs: update.sentAtMs,
        networkId: update.messageId,
      },
    ],
    claims,
    pictures,
  }
}

const fileOf = ({ url, extension, mediaType, width, height, bytes, sha256 }: ShownPicture): SharedFile => ({
  url,
  name: `image.${extension}`,
  mediaType,
  size: bytes.length,
  width,
  height,
  sha256,
})

/** The stanza error for a message that the network did not take. */
function notSentError(code: string, text: string): StanzaError {
  switch (code) {
    case 'LOBBY_TEXT_TOO_LARGE':
    case 'LOBBY_TEXT_FORBIDDEN':
      return { type: 'modify', condition: 'policy-violation', text }
    case 'LOBBY_TOO_FAST':
      return { type: 'wait', condition: 'policy-violation', text }
    case 'LOBBY_BUSY':
      return { type: 'wait', condition: 'resource-constraint', text }
    case 'LOBBY_NOT_JOINED':
      return { type: 'wait', condition: 'remote-server-timeout', text }
    default:
      return { type: 'wait', condition: 'internal-server-error', text }
  }
}

/** What is kept of a room beside its lobby. */
export interface RoomRecord {
  /** Bare JID; null when the lobby was found. */
  readonly createdBy: string | null
  readonly subject: string
}

/**
 * What the room shows of its lobby. `admins` are the bare JIDs of `xmpp.admins`; `stays`: accounts that stay in the lobby
 * by configuration, and their nicks.
 */
export function describeLobby(
  lobby: LobbyInfo,
  room: RoomRecord,
  admins: readonly string[],
  stays: ReadonlyMap<string, string> = NOBODY,
): RoomDescription {
  const notes = [
    `A lobby of the ${lobby.network} network, ${lobby.isPrivate ? 'private' : 'public'}.`,
    ...(lobby.isSigned ? ['Only identities that are linked to a profile may speak.'] : []),
    'Silent listeners are not shown.',
    'Messages are kept and shown as history.',
    'Moderation is local: it has no effect on the lobby.',
  ]
  return {
    name: lobby.name,
    description: lobby.topic,
    isPublic: !lobby.isPrivate,
    // Without somebody who can let others in, nobody could ever enter.
    isMembersOnly: lobby.isPrivate && (admins.length > 0 || room.createdBy !== null),
    createdBy: room.createdBy,
    owners: admins,
    stays,
    subject: room.subject,
    network: notes.join(' '),
    lobby: {
      network: lobby.network,
      id: lobby.id,
      isPrivate: lobby.isPrivate,
      isSigned: lobby.isSigned,
    },
  }
}
