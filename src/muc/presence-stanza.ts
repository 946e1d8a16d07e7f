/** Presence of occupants as stanzas, and to whom which form of it goes: XEP-0045 §7.2.2 and §7.2.4. */
import { NS } from '../stanza/ns.ts'
import { type Element, el, type PreparedStanza, prepare, serialize } from '../stanza/xml.ts'
import { versionElement } from './affiliation-versions.ts'
import { identityAddress } from './identity-address.ts'
import { MAX_PRESENCE_CHARS } from './limits.ts'
import { isShown } from './role.ts'
import type { LocalOccupant, Occupant, Room, Session } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { audienceOf } from './room-sessions.ts'
import { isForged, isOwn, occupantIdElement, portableChildren, stanzaWith } from './stanza-parts.ts'

/** How one presence of an occupant looks. */
export interface Look {
  /** Left out: available. */
  readonly type?: 'unavailable'
  /** Real full JID, for those who may see it. */
  readonly jid?: string | undefined
  /** MUC status codes (XEP-0045 §15.6.2). */
  readonly codes?: readonly number[]
  /** The nick that the occupant changes to. */
  readonly newNick?: string
  /** The occupant leaves. */
  readonly isGone?: boolean
  readonly id?: string | undefined
  readonly payload?: readonly Element[]
  /** Why, in words. */
  readonly reason?: string | undefined
  /** Nick of who brought it about. */
  readonly actor?: string | undefined
  /** More to be said in the `<x/>`. */
  readonly details?: readonly Element[]
}

/** `<x xmlns='…muc#user'/>` with nothing but status codes. */
export const statusElement = (codes: readonly number[]): Element =>
  el('x', { xmlns: NS.mucUser }, ...codes.map((code) => el('status', { code })))

/** A presence of an occupant, without `to`. */
export function presenceStanza(room: Room, occupant: Occupant, look: Look): Element {
  const extension = el(
    'x',
    { xmlns: NS.mucUser },
    el(
      'item',
      {
        affiliation: occupant.affiliation,
        role: look.isGone ? 'none' : occupant.role,
        jid: look.jid,
        nick: look.newNick,
      },
      look.actor !== undefined && el('actor', { nick: look.actor }),
      look.reason !== undefined && look.reason !== '' && el('reason', {}, look.reason),
    ),
    ...(look.details ?? []),
    ...(look.codes ?? []).map((code) => el('status', { code })),
  )
  return stanzaWith('presence', { from: `${room.bare}/${occupant.nick}`, type: look.type, id: look.id }, [
    ...(look.payload ?? []),
    extension,
    occupantIdElement(occupant.occupantId),
  ])
}

/** The session that speaks for an occupant: the one whose presence was set last. */
export const speakingSession = (occupant: Occupant): Session | undefined =>
  occupant.side === 'local' ? occupant.sessions.at(-1) : undefined

/** The address behind a nick: a full JID, or that of the identity of a participant. */
export const addressOf = (room: Room, occupant: Occupant): string | undefined =>
  occupant.side === 'remote'
    ? identityAddress(occupant.participant, room.identity.jid.domain)
    : speakingSession(occupant)?.full

/** Available presence of an occupant as those who see addresses or anybody else get it; prepared once. */
export function shownTo(room: Room, occupant: Occupant, isInformed: boolean): PreparedStanza {
  const { shown } = occupant
  const payload = speakingSession(occupant)?.payload ?? []
  if (isInformed) {
    shown.disclosed ??= prepare(presenceStanza(room, occupant, { jid: addressOf(room, occupant), payload }))
    return shown.disclosed
  }
  shown.anonymous ??= prepare(presenceStanza(room, occupant, { payload }))
  return shown.anonymous
}

/** An effect unless there is nobody to send to. */
export const fanout = (stanza: PreparedStanza, to: readonly string[]): RoomEffect[] =>
  to.length === 0 ? [] : [{ kind: 'fanout', stanza, to }]

/** Sends a form of an occupant's presence to all sessions that are not its own, unless its role is not shown. */
export const tellOthers = (
  room: Room,
  occupant: Occupant,
  form: (isInformed: boolean) => PreparedStanza,
): RoomEffect[] => (isShown(room, occupant) ? tellAllOthers(room, occupant, form) : [])

/** Sends it whatever the role is; those who see addresses get theirs. */
export function tellAllOthers(
  room: Room,
  occupant: Occupant,
  form: (isInformed: boolean) => PreparedStanza,
): RoomEffect[] {
  const own = new Set(occupant.side === 'local' ? occupant.sessions.map((session) => session.full) : [])
  const { informed, others } = audienceOf(room)
  const withoutOwn = (to: readonly string[]): readonly string[] =>
    own.size === 0 ? to : to.filter((full) => !own.has(full))
  const effects: RoomEffect[] = []
  const plain = withoutOwn(others)
  if (plain.length > 0) effects.push(...fanout(form(false), plain))
  const privileged = withoutOwn(informed)
  if (privileged.length > 0) effects.push(...fanout(form(true), privileged))
  return effects
}

/** Available presence of an occupant to its own sessions (status 110), `except` one. */
export function tellOwn(room: Room, occupant: LocalOccupant, except?: Session): RoomEffect[] {
  const to = occupant.sessions.filter((session) => session !== except).map((session) => session.full)
  return to.length === 0 ? [] : fanout(selfPresence(room, occupant, { codes: [110] }), to)
}

/** Available presence of an occupant as one of its own sessions gets it. `isAnswer`: to what that session sent. */
export const selfPresence = (
  room: Room,
  occupant: LocalOccupant,
  look: Pick<Look, 'codes' | 'id' | 'reason' | 'actor'> & { readonly isAnswer?: boolean },
): PreparedStanza => {
  const session = speakingSession(occupant)
  const payload = session?.payload ?? []
  return prepare(
    presenceStanza(room, occupant, {
      ...look,
      details: versionElement(room, occupant),
      // Everybody may see their own; Converse finds itself by it, and else takes no nick.
      jid: session?.full,
      payload: look.isAnswer && !payload.some(isAvatar) ? [NO_AVATAR, ...payload] : payload,
    }),
  )
}

/**
 * As ejabberd has it in the answer to a join (XEP-0153 §4.1: nothing is said of an avatar): the Ethora chat component
 * looks for the role in the second element, and for two called `x`.
 */
const NO_AVATAR = el('x', { xmlns: NS.vcardUpdate })

const isAvatar = (child: Element): boolean => child.getNS() === NS.vcardUpdate

/** Available presence of an occupant to everybody in the room. */
export const announce = (room: Room, occupant: Occupant): RoomEffect[] => [
  ...tellOthers(room, occupant, (isInformed) => shownTo(room, occupant, isInformed)),
  ...(occupant.side === 'local' ? tellOwn(room, occupant) : []),
]

const SHOWS: ReadonlySet<string> = new Set(['away', 'chat', 'dnd', 'xa'])

/** What of a client's presence is passed on, at most MAX_PRESENCE_CHARS of it, first come first kept. */
export function presencePayload(room: Room, stanza: Element): Element[] {
  let left = MAX_PRESENCE_CHARS
  return portableChildren(stanza).filter((child) => {
    if (isForged(child, room.bare)) return false
    if (isOwn(child, stanza, 'show') && !SHOWS.has(child.getText())) return false
    if (isOwn(child, stanza, 'status') && child.getText() === '') return false
    const size = serialize(child).length
    if (size > left) return false
    left -= size
    return true
  })
}
