/** Affiliations by version: a client that knows an earlier state of the lists gets what has changed since. XEP-0463. */
import { type Jid, parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { errorElement } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, prepare } from '../stanza/xml.ts'
import { mayReadList } from './access.ts'
import { affiliationOf } from './affiliation.ts'
import { keyedHash } from './keyed-hash.ts'
import { MAX_AFFILIATION_ITEMS, MAX_AFFILIATION_VERSIONS } from './limits.ts'
import { refusal } from './reply.ts'
import type { LocalOccupant, Room, Session } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { Affiliation } from './room-state.ts'

/** What of the lists somebody may read: all, or who belongs to the room. */
export type AffiliationView = 'all' | 'belonging'

/** By address. */
type Lists = ReadonlyMap<string, Affiliation>

/** The lists as one view has them, and how they came to be so. */
export interface VersionedLists {
  readonly lists: Lists
  /** Follows from the lists, so that it is the same after a restart. */
  readonly version: string
  /** The last changes, oldest first: each leads from `since` to the next one's, the last to `version`. */
  readonly past: readonly { readonly since: string; readonly changes: Lists }[]
}

/** A session that joins with `<mav/>` gets what it lacks, before any presence. */
export function sendAffiliations(room: Room, session: Session, join: Element): RoomEffect[] {
  const request = childOf(childOf(join, 'x', NS.muc) ?? join, 'mav', NS.affiliationVersions)
  const view = request && viewOf(room, session)
  session.versions = view
  if (!request) return []
  if (!view) return [{ kind: 'send', to: session.full, stanza: refuseLists(room, session, join) }]
  const tracked = room.versions.get(view) ?? listsOf(room, view)
  room.versions.set(view, tracked)
  const { since } = request.attrs
  if (since === tracked.version) return []
  const first = tracked.past.findLastIndex((entry) => entry.since === since)
  if (first < 0) return tell(room, [session.full], { items: tracked.lists, until: tracked.version })
  const addresses = new Set(tracked.past.slice(first).flatMap(({ changes }) => [...changes.keys()]))
  const items = new Map([...addresses].map((address) => [address, tracked.lists.get(address) ?? 'none']))
  return tell(room, [session.full], { items, since, until: tracked.version })
}

/** What the presence of an occupant with status 110 says, when one of its clients asked for it. */
export function versionElement(room: Room, occupant: LocalOccupant): Element[] {
  const session = occupant.sessions.find(({ versions }) => versions !== undefined)
  // In the presence that tells of a new affiliation the lists are not there yet.
  const view = session && viewOf(room, session) === session.versions ? session.versions : undefined
  const until = view && room.versions.get(view)?.version
  return until === undefined ? [] : [el('mav', { xmlns: NS.affiliationVersions, until })]
}

/** Tells of what has changed in the lists. To be called after every step; it does nothing when nothing has. */
export function tellAffiliations(room: Room): RoomEffect[] {
  if (!room.areListsStale) return []
  room.areListsStale = false
  const sessions = [...room.sessions.values()].filter(({ versions }) => versions !== undefined)
  const moved = sessions.filter((session) => viewOf(room, session) !== session.versions)
  const told = [...room.versions].flatMap(([view, before]) => {
    const { lists, version } = listsOf(room, view)
    if (version === before.version) return []
    const changes = differences(before.lists, lists)
    // Of great changes all is told anew.
    const past =
      changes.size > MAX_AFFILIATION_ITEMS
        ? []
        : [...before.past, { since: before.version, changes }].slice(-MAX_AFFILIATION_VERSIONS)
    room.versions.set(view, { lists, version, past })
    const to = sessions
      .filter((session) => session.versions === view && !moved.includes(session))
      .map(({ full }) => full)
    return to.length === 0 ? [] : tell(room, to, { items: changes, since: before.version, until: version })
  })
  return [...told, ...moved.flatMap((session) => showOtherView(room, session))]
}

/** Whoever may read more than before, or less, gets the lists anew; nothing any longer whoever may read none. */
function showOtherView(room: Room, session: Session): RoomEffect[] {
  const view = viewOf(room, session)
  session.versions = view
  if (!view) return []
  const tracked = room.versions.get(view) ?? listsOf(room, view)
  room.versions.set(view, tracked)
  return tell(room, [session.full], { items: tracked.lists, until: tracked.version })
}

/** The join goes on; what is refused is told by a message with its id (§4.2.3). */
const refuseLists = (room: Room, { full }: Session, join: Element): Element =>
  el(
    'message',
    { type: 'error', id: join.attrs.id, from: room.bare, to: full },
    errorElement(refusal(room, 'auth', 'forbidden', 'The lists of affiliations are not for you to read.')),
  )

function viewOf(room: Room, { full }: Session): AffiliationView | undefined {
  const jid = parseJid(full) as Jid
  if (mayReadList(room, jid, 'outcast')) return 'all'
  return mayReadList(room, jid, 'member') ? 'belonging' : undefined
}

function listsOf(room: Room, view: AffiliationView): VersionedLists {
  const creator = room.createdBy === null ? [] : [room.createdBy]
  const addresses = new Set([...room.gatewayAdmins, ...creator, ...room.affiliations.keys()])
  const lists = new Map<string, Affiliation>()
  for (const address of [...addresses].sort()) {
    const affiliation = affiliationOf(room, address)
    if (affiliation !== 'none' && (view === 'all' || affiliation !== 'outcast'))
      lists.set(address, affiliation)
  }
  const text = [...lists].map((entry) => entry.join(' ')).join('\n')
  return { lists, version: keyedHash(room.identity.occupantKey, `affiliations ${view}\n${text}`), past: [] }
}

function differences(before: Lists, after: Lists): Lists {
  const changes = new Map<string, Affiliation>()
  for (const address of new Set([...before.keys(), ...after.keys()])) {
    const affiliation = after.get(address) ?? 'none'
    if (affiliation !== (before.get(address) ?? 'none')) changes.set(address, affiliation)
  }
  return changes
}

/** One message, or several that each begin where the one before ended. */
function tell(
  room: Room,
  to: readonly string[],
  { items, since, until }: { readonly items: Lists; readonly since?: string; readonly until: string },
): RoomEffect[] {
  const all = [...items]
  const messages: Element[] = []
  for (let from = 0; from === 0 || from < all.length; from += MAX_AFFILIATION_ITEMS) {
    const end = from + MAX_AFFILIATION_ITEMS
    const mav = el('mav', {
      xmlns: NS.affiliationVersions,
      since: from === 0 ? since : `${until}.${from}`,
      until: end < all.length ? `${until}.${end}` : until,
    })
    const part = all.slice(from, end).map(([jid, affiliation]) => el('item', { jid, affiliation }))
    messages.push(el('message', { from: room.bare }, el('x', { xmlns: NS.mucUser }, mav, ...part)))
  }
  return messages.map((message) => ({ kind: 'fanout', stanza: prepare(message), to }))
}
