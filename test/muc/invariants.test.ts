// What holds after any sequence of events: rosters, audiences, answers, repeatability.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { affiliationOf } from '../../src/muc/affiliation.ts'
import { occupantsOf } from '../../src/muc/occupant-view.ts'
import type { RoomEvent } from '../../src/muc/room-port.ts'
import { audienceOf } from '../../src/muc/room-sessions.ts'
import { NS } from '../../src/stanza/ns.ts'
import { type Element, escapeAttribute, serialize } from '../../src/stanza/xml.ts'
import { DESCRIPTION, jid, participant, ROOM, RoomHarness, START_MS } from './room-harness.ts'

const ACCOUNTS = ['alice@example.org', 'bob@example.org', 'boss@example.org']
const NICKS = ['Ann', 'Bea', 'Cleo']
const PEERS = ['p1', 'p2'].map(participant)

type Action = (h: RoomHarness) => void

const session = fc
  .tuple(fc.constantFrom(...ACCOUNTS), fc.constantFrom('a', 'b'))
  .map(([account, resource]) => `${account}/${resource}`)
const nick = fc.constantFrom(...NICKS)
const peer = fc.constantFrom(...PEERS)

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(session, nick).map(
      ([from, to]): Action =>
        (h) =>
          h.join(from, to),
    ),
  },
  fc.tuple(session, nick, fc.constantFrom('', '<show>away</show>', '<status>tea</status>')).map(
    ([from, to, inside]): Action =>
      (h) =>
        h.send(from, `<presence to="${ROOM}/${to}">${inside}</presence>`),
  ),
  fc.tuple(session, nick).map(
    ([from, to]): Action =>
      (h) =>
        h.send(from, `<presence type="unavailable" to="${ROOM}/${to}"/>`),
  ),
  // The stream is gone, and with it all that the client believed; what waited for the archive went before.
  session.map(
    (full): Action =>
      (h) => {
        h.release()
        h.step({ kind: 'session-ended', session: full })
        h.sent.delete(full)
      },
  ),
  fc.tuple(session, fc.constantFrom('gone', 'not-acceptable')).map(
    ([from, condition]): Action =>
      (h) =>
        h.send(
          from,
          `<message type="error"><error><${condition} xmlns="${NS.stanzaErrors}"/></error></message>`,
        ),
  ),
  session.map(
    (from): Action =>
      (h) =>
        h.say(from, 'hello'),
  ),
  session.map(
    (from): Action =>
      (h) =>
        h.send(from, '<message type="groupchat"><subject>s</subject></message>'),
  ),
  fc.tuple(session, nick).map(
    ([from, to]): Action =>
      (h) =>
        h.send(from, `<message type="chat" to="${ROOM}/${to}"><body>x</body></message>`),
  ),
  fc.tuple(peer, nick).map(
    ([id, name]): Action =>
      (h) =>
        h.step({ kind: 'remote-entered', occupant: { id, nick: name } }),
  ),
  peer.map(
    (id): Action =>
      (h) =>
        h.step({ kind: 'remote-left', id }),
  ),
  fc.tuple(peer, nick).map(
    ([id, name]): Action =>
      (h) =>
        h.step({ kind: 'remote-renamed', id, nick: name }),
  ),
  peer.map(
    (id): Action =>
      (h) =>
        h.step({ kind: 'remote-typing', id }),
  ),
  fc.tuple(peer, nick, fc.nat(3)).map(
    ([id, name, n]): Action =>
      (h) =>
        h.step({
          kind: 'remote-said',
          occupant: { id, nick: name },
          body: 'x',
          files: [],
          sentAtMs: START_MS,
          networkId: `${n}`,
        }),
  ),
  fc.subarray(ACCOUNTS).map(
    (owners): Action =>
      (h) =>
        h.step({ kind: 'described', description: { ...DESCRIPTION, owners } }),
  ),
  // What owners, admins and moderators do, and others try to.
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        session,
        fc.oneof(
          fc
            .tuple(
              fc.constantFrom(
                ...ACCOUNTS,
                ...PEERS.map((id) => `identity.${id}@lobbies.example`),
                'example.org',
              ),
              fc.constantFrom('owner', 'admin', 'member', 'none', 'outcast'),
            )
            .map(([jid, affiliation]) => `<item jid="${jid}" affiliation="${affiliation}"/>`),
          fc
            .tuple(nick, fc.constantFrom('moderator', 'participant', 'visitor', 'none'))
            .map(([name, role]) => `<item nick="${name}" role="${role}"/>`),
        ),
      )
      .map(
        ([from, item]): Action =>
          (h) =>
            h.send(from, `<iq type="set" id="a"><query xmlns="${NS.mucAdmin}">${item}</query></iq>`),
      ),
  },
  // What operators do who are not in the room.
  fc
    .tuple(peer, nick)
    .chain(([id, name]) =>
      fc.constantFrom<RoomEvent>(
        { kind: 'operator-kicked', nick: name, reason: '' },
        { kind: 'operator-muted', id, reason: 'x' },
        { kind: 'operator-unmuted', id },
      ),
    )
    .map(
      (event): Action =>
        (h) =>
          h.step(event),
    ),
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        session,
        fc.constantFrom('membersonly', 'moderatedroom', 'enablelogging', 'persistentroom'),
        fc.constantFrom('0', '1'),
      )
      .map(
        ([from, name, value]): Action =>
          (h) =>
            h.send(
              from,
              `<iq type="set" id="c"><query xmlns="${NS.mucOwner}"><x xmlns="${NS.dataForms}" type="submit"><field var="FORM_TYPE"><value>${NS.mucRoomConfig}</value></field><field var="muc#roomconfig_${name}"><value>${value}</value></field></x></query></iq>`,
            ),
      ),
  },
  fc.constantFrom('store', 'fail', 'hold').map(
    (saving): Action =>
      (h) => {
        settle(h)
        h.saving = saving as 'store'
      },
  ),
  fc.nat(9000).map(
    (ms): Action =>
      (h) =>
        h.advance(ms),
  ),
  fc.constantFrom('store', 'hold', 'fail').map(
    (mode): Action =>
      (h) => {
        h.release()
        h.archive.mode = mode as 'store'
      },
  ),
  { weight: 1, arbitrary: fc.constant<Action>((h) => h.step({ kind: 'shutdown' })) },
)
/** What was given to be stored is stored, and what waited for it too. */
function settle(h: RoomHarness): void {
  const { saving } = h
  h.saving = 'hold'
  while (h.room.saving) h.finishSave('store')
  h.saving = saving
}

const actions = fc.array(action, { maxLength: 60 })

/** The occupants that a client believes in: what its presences add up to. */
function believedRoster(stanzas: readonly Element[]): string[] {
  const roster = new Set<string>()
  for (const stanza of stanzas) {
    if (stanza.name !== 'presence' || stanza.attrs.type === 'error') continue
    const name = String(stanza.attrs.from).slice(ROOM.length + 1)
    const codes =
      stanza
        .getChild('x', NS.mucUser)
        ?.getChildren('status')
        .map((status) => status.attrs.code) ?? []
    if (stanza.attrs.type !== 'unavailable') roster.add(name)
    else if (codes.includes('110') && !codes.includes('303')) roster.clear()
    else roster.delete(name)
  }
  return [...roster].sort()
}

test('every client believes in exactly the occupants that are there', () => {
  fc.assert(
    fc.property(actions, (steps) => {
      const h = new RoomHarness()
      for (const step of steps) step(h)
      h.release()
      const nicks = occupantsOf(h.room)
        .filter((occupant) => !occupant.isMuted)
        .map((occupant) => occupant.nick)
        .sort()
      for (const full of h.room.sessions.keys()) expect(believedRoster(h.sent.get(full) ?? [])).toEqual(nicks)
    }),
    { numRuns: 300 },
  )
})

/** Carries on who, as the lobby was told, is in the room. */
function foldLobby(h: RoomHarness, told: Set<string>): void {
  for (const effect of h.takeLobby()) {
    if (effect.kind === 'local-entered') told.add(`${effect.account} ${effect.nick}`)
    if (effect.kind === 'local-left') expect(told.delete(`${effect.account} ${effect.nick}`)).toBe(true)
    if (effect.kind !== 'local-renamed') continue
    expect(told.delete(`${effect.account} ${effect.oldNick}`)).toBe(true)
    told.add(`${effect.account} ${effect.nick}`)
  }
}

test('each session has one occupant, each occupant its nick, and the lobby knows the local ones', () => {
  fc.assert(
    fc.property(actions, (steps) => {
      const h = new RoomHarness()
      const told = new Set<string>()
      for (const step of steps) {
        step(h)
        foldLobby(h, told)
        const { room } = h
        let sessions = 0
        for (const [name, occupant] of room.occupants) {
          expect(occupant.nick).toBe(name)
          if (occupant.side === 'remote') {
            expect(room.participants.get(occupant.participant)).toBe(occupant)
            continue
          }
          expect(occupant.sessions.length).toBeGreaterThan(0)
          expect(occupant.affiliation).toBe(affiliationOf(room, occupant.account))
          for (const each of occupant.sessions) {
            sessions += 1
            expect(room.sessions.get(each.full)).toBe(each)
            expect(each.occupant).toBe(occupant)
            expect(jid(each.full).bare).toBe(occupant.account)
          }
        }
        expect(room.sessions.size).toBe(sessions)
        const { everybody, informed, others } = audienceOf(room)
        expect([...everybody].sort()).toEqual([...room.sessions.keys()].sort())
        expect([...informed, ...others].sort()).toEqual([...everybody].sort())
        for (const full of informed) expect(room.sessions.get(full)?.occupant.role).toBe('moderator')
        for (const full of others) expect(room.sessions.get(full)?.occupant.role).not.toBe('moderator')
      }
      h.release()
      foldLobby(h, told)
      const local = [...h.room.occupants.values()].flatMap((occupant) =>
        occupant.side === 'local' ? [`${occupant.account} ${occupant.nick}`] : [],
      )
      expect([...told].sort()).toEqual(local.sort())
    }),
    { numRuns: 300 },
  )
})

test('a message reaches each session in the room exactly once, and nobody else', () => {
  fc.assert(
    fc.property(actions, session, (steps, from) => {
      const h = new RoomHarness()
      for (const step of steps) step(h)
      h.release()
      h.join(from, 'Speaker')
      fc.pre(h.room.sessions.has(from) && h.room.sessions.get(from)?.occupant.role !== 'visitor')
      h.clear()
      h.say(from, 'once')
      expect([...h.sent.keys()].sort()).toEqual([...h.room.sessions.keys()].sort())
      for (const stanzas of h.sent.values())
        expect(stanzas.map((s) => s.getChildText('body'))).toEqual(['once'])
    }),
    { numRuns: 150 },
  )
})

test('whatever anybody does, who is out stays out, and roles are those of affiliations', () => {
  fc.assert(
    fc.property(actions, (steps) => {
      const h = new RoomHarness({ description: { createdBy: 'alice@example.org' } })
      for (const step of steps) {
        step(h)
        const { room } = h
        for (const occupant of room.occupants.values())
          if (occupant.side === 'remote') {
            const address = `identity.${occupant.participant}@lobbies.example`
            expect(room.affiliations.get(address)?.affiliation).not.toBe('outcast')
            expect(room.muted.has(occupant.participant)).toBe(false)
          } else {
            const affiliation = affiliationOf(room, occupant.account)
            expect(occupant.affiliation).toBe(affiliation)
            expect(affiliation).not.toBe('outcast')
            if (affiliation === 'owner' || affiliation === 'admin') expect(occupant.role).toBe('moderator')
            if (room.config.isMembersOnly) expect(affiliation).not.toBe('none')
          }
        expect(affiliationOf(room, 'nobody@elsewhere.example')).toBe('none')
      }
    }),
    { numRuns: 300 },
  )
})

test('every request that changes something is answered once, whatever is being stored and fails meanwhile', () => {
  fc.assert(
    fc.property(actions, (steps) => {
      const h = new RoomHarness()
      let asked = 0
      const send = h.send.bind(h)
      h.send = (from, xml) => {
        if (xml.startsWith('<iq type="set"')) asked += 1
        return send(from, xml)
      }
      let answered = 0
      const count = (): void => {
        for (const [to, stanzas] of h.sent) {
          answered += stanzas.filter(({ name, attrs }) => name === 'iq' && attrs.type !== 'set').length
          h.sent.set(
            to,
            stanzas.filter(({ name }) => name !== 'iq'),
          )
        }
      }
      // Who is cut off is told nothing more; what came before counts.
      const forget = h.sent.delete.bind(h.sent)
      h.sent.delete = (full) => {
        count()
        return forget(full)
      }
      for (const step of steps) {
        count()
        step(h)
      }
      settle(h)
      h.release()
      count()
      expect(answered).toBe(asked)
    }),
    { numRuns: 200 },
  )
})

test('the same events bring forth the same effects, byte for byte', () => {
  const trace = (steps: readonly Action[]): string => {
    const h = new RoomHarness()
    for (const step of steps) step(h)
    h.release()
    return [...h.sent].map(([to, stanzas]) => `${to}: ${stanzas.map(serialize).join('')}`).join('\n')
  }
  fc.assert(
    fc.property(actions, (steps) => {
      expect(trace(steps)).toBe(trace(steps))
    }),
    { numRuns: 100 },
  )
})

const namespaces = fc.constantFrom(...Object.values(NS), 'urn:unknown', '')
const names = fc.constantFrom(
  'query',
  'ping',
  'vCard',
  'metadata',
  'x',
  'item',
  'set',
  'time',
  'iq',
  'field',
  'destroy',
)
const words = fc.constantFrom(
  '',
  'submit',
  'cancel',
  'owner',
  'moderator',
  'x',
  '1',
  '<',
  ROOM,
  NS.mam,
  'FORM_TYPE',
  'ids',
)

/** Any small tree of elements that look like payloads. */
const payload: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc
    .tuple(
      names,
      namespaces,
      fc.dictionary(fc.constantFrom('type', 'var', 'node', 'affiliation', 'role', 'queryid'), words, {
        maxKeys: 2,
      }),
      fc.oneof(
        { depthSize: 'small' },
        words.map(escapeAttribute),
        fc.array(tie('tree'), { maxLength: 3 }).map((children) => children.join('')),
      ),
    )
    .map(
      ([name, namespace, attributes, inside]) =>
        `<${name} xmlns="${namespace}"${Object.entries(attributes)
          .map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`)
          .join('')}>${inside}</${name}>`,
    ),
})).tree

test('every get and set is answered exactly once, whatever it holds and wherever it goes', () => {
  const to = fc.constantFrom(
    ROOM,
    `${ROOM}/Ann`,
    `${ROOM}/Rita`,
    `${ROOM}/Nobody`,
    `${ROOM}/`,
    'CATS@lobbies.example',
    '@',
    '',
  )
  const from = fc.constantFrom(
    'alice@example.org/a',
    'boss@example.org/b',
    'eve@example.org/x',
    'example.org',
    'eve@example.org',
  )
  const type = fc.constantFrom('get', 'set', 'result', 'error', '', 'odd')
  fc.assert(
    fc.property(from, to, type, fc.array(payload, { maxLength: 2 }), (sender, address, kind, payloads) => {
      const h = new RoomHarness()
      h.join('alice@example.org/a', 'Ann')
      h.join('boss@example.org/b', 'Boss')
      h.step({ kind: 'remote-entered', occupant: { id: participant('r'), nick: 'Rita' } })
      h.say('alice@example.org/a', 'hello')
      h.clear()
      h.send(sender, `<iq id="7" type="${kind}" to="${address}">${payloads.join('')}</iq>`)
      const replies = [...h.sent].flatMap(([receiver, stanzas]) =>
        stanzas.filter((s) => s.name === 'iq').map((s) => [receiver, s.attrs.id, s.attrs.from, s.attrs.to]),
      )
      const isRequest = kind !== 'result' && kind !== 'error'
      expect(replies).toEqual(isRequest ? [[sender, '7', address, sender]] : [])
    }),
    { numRuns: 1500 },
  )
})

test('no message or presence, however made, breaks the room or the stream of who gets it', () => {
  const to = fc.constantFrom(
    ROOM,
    `${ROOM}/Ann`,
    `${ROOM}/Boss`,
    `${ROOM}/Rita`,
    `${ROOM}/New`,
    `${ROOM}/`,
    '',
  )
  const from = fc.constantFrom(
    'alice@example.org/a',
    'boss@example.org/b',
    'eve@example.org/x',
    'eve@example.org',
  )
  const type = fc.constantFrom(
    '',
    ' type="groupchat"',
    ' type="chat"',
    ' type="error"',
    ' type="unavailable"',
    ' type="probe"',
  )
  const known = fc.constantFrom(
    '<body>hi</body>',
    '<body/>',
    '<subject>s</subject>',
    '<p:x xmlns:p="urn:p" p:a="1"><p:y/></p:x>',
    '<p:unbound/>',
    '<a p:unbound="1"/>',
    `<x xmlns="${NS.muc}"><history maxchars="-1" since="x"/></x>`,
    `<error><gone xmlns="${NS.stanzaErrors}"/></error>`,
    `<composing xmlns="${NS.chatStates}"/>`,
  )
  fc.assert(
    fc.property(
      fc.constantFrom('message', 'presence'),
      from,
      to,
      type,
      fc.array(fc.oneof(known, payload), { maxLength: 4 }),
      (name, sender, address, kind, children) => {
        const h = new RoomHarness()
        h.join('alice@example.org/a', 'Ann')
        h.join('boss@example.org/b', 'Boss')
        h.step({ kind: 'remote-entered', occupant: { id: participant('r'), nick: 'Rita' } })
        h.clear()
        h.send(sender, `<${name} id="7"${kind} to="${address}">${children.join('')}</${name}>`)
        for (const [receiver, stanzas] of h.sent)
          for (const stanza of stanzas) {
            expect(stanza.attrs.to).toBe(receiver)
            expect(serialize(stanza)).not.toContain('unbound')
          }
      },
    ),
    { numRuns: 800 },
  )
})
