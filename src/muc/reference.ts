/** Messages that change an earlier one: which one, and looking it up. XEP-0308 §3, XEP-0424 §3. */

import { ethoraChange } from '../stanza/ethora.ts'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { childIn, childOf, type Element } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { ArchiveEntry, ArchiveQuery } from './archive-port.ts'
import { hasMessageId } from './archived-stanza.ts'
import { MAX_LOOK_BACK, MAX_REVISIONS } from './limits.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv, Speaker } from './room-port.ts'
import { claimsModeration } from './stanza-parts.ts'

/**
 * `id`: for corrections the one that the sender gave the message, for retractions the room's. The Ethora chat component
 * names the room's for both.
 */
export interface Reference {
  readonly kind: 'correction' | 'retraction'
  readonly id: string
  /** In the manner of the Ethora chat component. */
  readonly isEthora?: true
}

/** What a message refers to, in the present form or an older one; undefined for nearly all messages. */
export function referenceIn(stanza: Element): Reference | undefined {
  const fastened = childOf(stanza, 'apply-to', NS.fasten)
  const retract =
    childOf(stanza, 'retract', NS.retraction) ??
    (fastened && childIn(fastened, NS.oldRetraction) ? fastened : undefined)
  if (retract && !claimsModeration(retract)) return { kind: 'retraction', id: String(retract.attrs.id) }
  const replace = childOf(stanza, 'replace', NS.correction)
  if (replace) return { kind: 'correction', id: String(replace.attrs.id) }
  const change = ethoraChange(stanza)
  return (
    change && { kind: change.kind === 'edit' ? 'correction' : 'retraction', id: change.id, isEthora: true }
  )
}

/** The id of an entry, if that is what `text` is. */
export const readArchiveId = (text: string): ArchiveId | undefined =>
  /^\d{16}$/.test(text) ? (text as ArchiveId) : undefined

/** All that there is of a message: itself, what it corrects and what corrects that. */
export const revisionsQuery = (room: Room, id: ArchiveId): ArchiveQuery => ({
  room: room.identity.jid.local,
  revisionsOf: id,
  fromEnd: true,
  max: MAX_REVISIONS,
  withCount: false,
})

/**
 * Asks the archive for the message that `reference` is about. Everything else waits meanwhile, and the archive id is
 * taken now: what is said later comes later.
 */
export function lookUp(
  room: Room,
  message: { readonly from: Jid; readonly stanza: Element; readonly speaker: Speaker },
  reference: Reference,
  env: RoomEnv,
): RoomEffect[] {
  const isStanzaId = reference.kind === 'retraction' || reference.isEthora
  const id = isStanzaId ? readArchiveId(reference.id) : undefined
  const query: ArchiveQuery = id
    ? revisionsQuery(room, id)
    : {
        room: room.identity.jid.local,
        occupantId: message.speaker.occupantId,
        fromEnd: true,
        max: MAX_LOOK_BACK,
        withCount: false,
      }
  const context = { ...message, kind: 'reference', id: env.nextArchiveId(), atMs: env.nowMs } as const
  return [{ kind: 'query', query, context, isOrdered: true }]
}

const rootOf = (entry: ArchiveEntry): ArchiveId => entry.corrects ?? entry.id

/** A message, and all revisions of it that are there. */
export interface FoundMessage {
  readonly target: ArchiveEntry
  readonly revisions: readonly ArchiveEntry[]
}

/** The message that `id` names among `entries`. */
export function findMessage(entries: readonly ArchiveEntry[], id: string): FoundMessage | undefined {
  const target = entries.findLast((entry) => entry.id === id || hasMessageId(entry, id))
  return target && { target, revisions: entries.filter((entry) => rootOf(entry) === rootOf(target)) }
}
