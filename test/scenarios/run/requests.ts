// Requests of every kind to every kind of address, for the property that each of them is answered once.
import fc from 'fast-check'
import { type Attributes, type Element, el } from '../../../src/stanza/xml.ts'

/** Where a request can go; `room` has `nick` in it, and the sender is there too. */
export interface Places {
  readonly service: string
  readonly room: string
  readonly nick: string
  readonly ownNick: string
}

const NAMESPACES = [
  'http://jabber.org/protocol/disco#info',
  'http://jabber.org/protocol/disco#items',
  'http://jabber.org/protocol/muc#admin',
  'http://jabber.org/protocol/muc#owner',
  'http://jabber.org/protocol/muc#unique',
  'http://jabber.org/protocol/commands',
  'jabber:iq:register',
  'jabber:iq:search',
  'jabber:iq:version',
  'jabber:iq:last',
  'jabber:x:data',
  'urn:xmpp:mam:2',
  'urn:xmpp:ping',
  'urn:xmpp:time',
  'urn:xmpp:message-moderate:1',
  'urn:xmpp:channel-search:0:search',
  'vcard-temp',
  'urn:example:unknown',
] as const
const NAMES = ['query', 'ping', 'time', 'vCard', 'moderate', 'command', 'metadata', 'search', 'x'] as const
const INNER = [
  'item',
  'x',
  'set',
  'destroy',
  'remove',
  'username',
  'max',
  'retract',
  'field',
  'value',
] as const
const ATTRIBUTES = ['affiliation', 'role', 'nick', 'jid', 'type', 'node', 'id', 'var', 'queryid'] as const
const VALUES = [
  '',
  'owner',
  'none',
  'moderator',
  'submit',
  'cancel',
  'x-roomuser-item',
  '@@',
  'start',
  '-1',
  '☃',
] as const

/** Places that exist, that do not, and that cannot. */
export const addressOf = ({ service, room, nick, ownNick }: Places): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(
      service,
      `${service}/resource`,
      room,
      `${room}/${nick}`,
      `${room}/${ownNick}`,
      `${room}/nobody`,
      `nowhere@${service}`,
      `nowhere@${service}/nobody`,
      `lobby.0123456789abcdef@${service}`,
      `friend.0123456789abcdef0123456789abcdef@${service}`,
      `a\\20b@${service}`,
      `a b@${service}`,
      `@${service}`,
      `${room}/`,
      `${room}@@`,
    ),
    fc.string({ maxLength: 20 }).map((local) => `${local}@${service}/${local}`),
  )

const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  fc.constantFrom(...ATTRIBUTES),
  fc.constantFrom(...VALUES),
  { maxKeys: 3 },
)

const inner: fc.Arbitrary<Element> = fc
  .tuple(
    fc.constantFrom(...INNER),
    fc.constantFrom(undefined, 'jabber:x:data', 'http://jabber.org/protocol/rsm'),
    attributes,
    fc.constantFrom(...VALUES),
  )
  .map(([name, xmlns, attrs, text]) => el(name, { ...attrs, xmlns }, text))

const payload: fc.Arbitrary<Element> = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.constantFrom(...NAMESPACES),
    attributes,
    fc.array(inner, { maxLength: 3 }),
  )
  .map(([name, xmlns, attrs, children]) => el(name, { ...attrs, xmlns }, ...children))

/** A get or set without its id: mostly with one payload, now and then with none or two. */
export const requestTo = (places: Places): fc.Arbitrary<Element> =>
  fc
    .tuple(
      fc.constantFrom('get', 'set'),
      addressOf(places),
      fc.oneof(
        { weight: 8, arbitrary: payload.map((one) => [one]) },
        { weight: 1, arbitrary: fc.array(payload, { maxLength: 2 }) },
      ),
    )
    .map(([type, to, payloads]) => el('iq', { type, to }, ...payloads))
