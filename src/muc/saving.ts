/**
 * Changes of what a room keeps are stored first, and only then made, told and answered: what an owner was told lasts.
 * One is stored at a time; requests that could change something wait for it, so that each is judged by what holds then.
 */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, elements } from '../stanza/xml.ts'
import { MAX_WAITING_STANZAS } from './limits.ts'
import { refusal, refuse } from './reply.ts'
import type { Change, Room, WaitingEvent } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'

const MANAGING: ReadonlySet<string | undefined> = new Set([
  NS.mucAdmin,
  NS.mucOwner,
  NS.register,
  NS.roomPictures,
])

/** Whether a stanza may change, or tell, what is kept. */
function isManaging(room: Room, stanza: Element): boolean {
  if (stanza.name === 'iq') return elements(stanza).some((payload) => MANAGING.has(payload.getNS()))
  if (stanza.name !== 'message') return false
  if (stanza.attrs.type === 'groupchat') return room.isLocked
  const x = childOf(stanza, 'x', NS.mucUser)
  return x !== undefined && childOf(x, 'invite', NS.mucUser) !== undefined
}

/** Puts a stanza aside when it must wait for a change that is being stored; undefined: it need not. */
export function waitFor(room: Room, from: Jid, stanza: Element): RoomEffect[] | undefined {
  if (!room.saving || !isManaging(room, stanza)) return undefined
  if (stanza.attrs.type === 'result' || stanza.attrs.type === 'error') return undefined
  if (room.waiting.length >= MAX_WAITING_STANZAS) {
    const text = 'Too many requests to this room wait; try again soon.'
    return refuse(room, from, stanza, refusal(room, 'wait', 'resource-constraint', text))
  }
  room.waiting.push({ kind: 'stanza', from, stanza })
  return []
}

/** Begins a change. Nothing is being stored when this is called. */
export function save(room: Room, change: Change): RoomEffect[] {
  room.saving = change
  return [{ kind: 'save', write: change.write }]
}

/** The change that was being stored is durable, or failed; then what waited has its turn. */
export function finishSaving(
  room: Room,
  error: StanzaError | null,
  env: RoomEnv,
  take: (event: WaitingEvent) => RoomEffect[],
): RoomEffect[] {
  const change = room.saving
  if (!change) return []
  room.saving = undefined
  const effects = error ? change.fail(error) : change.make(env)
  while (!room.saving) {
    const next = room.waiting.shift()
    if (!next) break
    effects.push(...take(next))
  }
  return effects
}

/** What an asker is told when a change could not be stored. */
export const failTo =
  (room: Room, from: Jid, stanza: Element) =>
  (error: StanzaError): RoomEffect[] =>
    refuse(room, from, stanza, { by: room.bare, ...error })
