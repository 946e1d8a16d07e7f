// The stanzas behind the short steps: creating, configuring, entering, leaving, saying, and giving rights.
import { type Element, el } from '../../../src/stanza/xml.ts'
import type { Fields } from './scenario-file.ts'

const MUC = 'http://jabber.org/protocol/muc'
const ROOMCONFIG = 'http://jabber.org/protocol/muc#roomconfig'

/** Enters without history. */
export const enterRoom = (room: string, nick: string): Element =>
  el(
    'presence',
    { to: `${room}/${nick}`, id: 'enter' },
    el('x', { xmlns: MUC }, el('history', { maxstanzas: 0 })),
  )

export const leaveRoom = (room: string, nick: string): Element =>
  el('presence', { to: `${room}/${nick}`, type: 'unavailable' })

export const sayInRoom = (room: string, id: string, body: string): Element =>
  el('message', { to: room, type: 'groupchat', id }, el('body', {}, body))

/** Submits a configuration; without fields the room is taken as it is (XEP-0045 §10.1.2). */
export const configureRoom = (room: string, id: string, fields: Fields): Element =>
  el(
    'iq',
    { type: 'set', to: room, id },
    el(
      'query',
      { xmlns: `${MUC}#owner` },
      el(
        'x',
        { xmlns: 'jabber:x:data', type: 'submit' },
        fields.length > 0 && field('FORM_TYPE', ROOMCONFIG),
        ...fields.map(([name, value]) => field(name, value)),
      ),
    ),
  )

const field = (name: string, value: string): Element => el('field', { var: name }, el('value', {}, value))

/** Sets the affiliation of an account, or the role of a nick. */
export const setItem = (room: string, id: string, item: Readonly<Record<string, string>>): Element =>
  el('iq', { type: 'set', to: room, id }, el('query', { xmlns: `${MUC}#admin` }, el('item', item)))
