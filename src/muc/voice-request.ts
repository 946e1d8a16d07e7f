/** Asking for voice in a moderated room, and granting it: XEP-0045 §7.13 and §8.6. */

import { formElement, readBoolean, readForm, type SubmittedForm } from '../stanza/data-form.ts'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { childOf, type Element, el } from '../stanza/xml.ts'
import { moderates } from './privilege.ts'
import { refusal, refuse } from './reply.ts'
import { hasVoice, isModerator } from './role.ts'
import type { LocalOccupant, Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { changeStanding } from './standing.ts'

const ROLE = 'muc#role'
const NICK = 'muc#roomnick'
const ADDRESS = 'muc#jid'
const ALLOW = 'muc#request_allow'

/** The form of a voice request or of its approval, if the message has one. */
export function readVoiceForm(stanza: Element): SubmittedForm | undefined {
  const element = childOf(stanza, 'x', NS.dataForms)
  const form = element && readForm(element)
  return form?.formType === NS.mucRequest ? form : undefined
}

/** A visitor asks, or a moderator answers. `from` is in the room. */
export function receiveVoiceForm(room: Room, from: Jid, stanza: Element, form: SubmittedForm): RoomEffect[] {
  const occupant = room.sessions.get(from.full)?.occupant
  if (!occupant || form.type === 'cancel') return []
  if (form.fields.has(ALLOW)) return decide(room, from, stanza, form)
  if (hasVoice(occupant)) return []
  if (!room.config.hasVoiceRequests)
    return refuse(room, from, stanza, refusal(room, 'auth', 'forbidden', 'Voice cannot be asked for here.'))
  return forward(room, occupant)
}

/** All moderators get the form to fill in. */
function forward(room: Room, occupant: LocalOccupant): RoomEffect[] {
  const jid = occupant.sessions.at(-1)?.full ?? occupant.account
  const form = formElement(
    'form',
    NS.mucRequest,
    [
      {
        name: ROLE,
        type: 'list-single',
        label: 'Requested role',
        values: ['participant'],
        options: [{ value: 'participant', label: 'Participant' }],
      },
      { name: ADDRESS, type: 'jid-single', label: 'Address', values: [jid] },
      { name: NICK, type: 'text-single', label: 'Nickname', values: [occupant.nick] },
      { name: ALLOW, type: 'boolean', label: 'Grant voice?', values: ['0'] },
    ],
    { title: 'Voice request', instructions: `${occupant.nick} asks to be allowed to speak.` },
  )
  return [...room.sessions.values()]
    .filter((session) => isModerator(session.occupant))
    .map(({ full }) => ({
      kind: 'send',
      to: full,
      stanza: el('message', { from: room.bare, to: full }, form),
    }))
}

function decide(room: Room, from: Jid, stanza: Element, form: SubmittedForm): RoomEffect[] {
  if (!moderates(room, from.bare))
    return refuse(room, from, stanza, refusal(room, 'auth', 'forbidden', 'Only moderators grant voice.'))
  const isGranted = readBoolean(form.fields.get(ALLOW) ?? [])
  if (isGranted === undefined)
    return refuse(room, from, stanza, refusal(room, 'modify', 'bad-request', `${ALLOW}: expected 1 or 0`))
  if (!isGranted) return []
  const nick = form.fields.get(NICK)?.[0] ?? ''
  const visitor = room.occupants.get(nick)
  if (visitor?.side !== 'local') {
    const text = `Nobody here has the nickname ${nick}.`
    return refuse(room, from, stanza, refusal(room, 'cancel', 'item-not-found', text))
  }
  // Another moderator was faster.
  if (hasVoice(visitor)) return []
  return changeStanding(
    room,
    visitor,
    { role: 'participant' },
    { actor: room.sessions.get(from.full)?.occupant.nick },
  )
}
