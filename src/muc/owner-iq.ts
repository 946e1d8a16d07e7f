/** `muc#owner`: the configuration form, taking a new room, and the end of one. XEP-0045 §10. */

import { readForm, type SubmittedForm } from '../stanza/data-form.ts'
import { isEthoraClaim } from '../stanza/ethora.ts'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import { isOwner } from './affiliation.ts'
import { configForm, readSubmission } from './config-form.ts'
import { applySettings } from './configure.ts'
import { destroyBy } from './destroy.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { failTo, save } from './saving.ts'
import { open, plainWishes } from './unlock.ts'

export function receiveOwnerIq(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  if (!isOwner(room, from.bare)) {
    const text = 'Only owners of this room may do that.'
    return refuse(room, from, iq, refusal(room, 'auth', 'forbidden', text))
  }
  if (iq.attrs.type === 'get')
    return answer(from, iqResult(iq, el('query', { xmlns: NS.mucOwner }, configForm(room))))
  const destroy = elements(query).find((child) => child.getName() === 'destroy')
  if (destroy) return destroyBy(room, from, iq, destroy)
  const element = childOf(query, 'x', NS.dataForms)
  const form = element && readForm(element)
  if (form?.type === 'cancel') return cancel(room, from, iq)
  if (form?.type !== 'submit') return refuseForm(room, from, iq, 'The query submits no form.')
  const isEmpty = form.fields.size === 0
  if (form.formType !== NS.mucRoomConfig && !(isEmpty && form.formType === undefined))
    return refuseForm(room, from, iq, `FORM_TYPE: expected ${NS.mucRoomConfig}`)
  return submit(room, from, iq, form)
}

const refuseForm = (room: Room, from: Jid, iq: Element, text: string): RoomEffect[] =>
  refuse(room, from, iq, refusal(room, 'modify', 'bad-request', text))

/** Who cancels the first form does not want the room (§10.1.3). */
const cancel = (room: Room, from: Jid, iq: Element): RoomEffect[] =>
  room.isLocked ? destroyBy(room, from, iq, el('destroy', {})) : answer(from, iqResult(iq))

function submit(room: Room, from: Jid, iq: Element, form: SubmittedForm): RoomEffect[] {
  const submission = readSubmission(room, form)
  if (!submission.ok)
    return refuse(room, from, iq, refusal(room, 'modify', 'not-acceptable', submission.error))
  const { settings, wishes } = submission.value
  const done = (): RoomEffect[] => answer(from, iqResult(iq))
  // Its second form has the name: the lobby is not to be called by a hash.
  if (room.isLocked && form.fields.size === 0 && isEthoraClaim(iq)) return done()
  if (room.isLocked)
    return open(room, from, iq, {
      settings,
      wishes: form.fields.size === 0 ? plainWishes(room) : wishes,
      next: done,
    })
  if (JSON.stringify(settings) === JSON.stringify(room.settings)) return done()
  return save(room, {
    write: { settings, records: [], forgotten: [] },
    make: () => [...done(), ...applySettings(room, settings)],
    fail: failTo(room, from, iq),
  })
}
