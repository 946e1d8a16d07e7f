// Messages to everybody: XEP-0045 §7.4, XEP-0359, XEP-0421, XEP-0334, XEP-0085; subject §8.1.
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import { errorOf, ROOM, RoomHarness } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const BOB = 'bob@example.org/desk'
const BOSS = 'boss@example.org/desk'

const room = (...args: ConstructorParameters<typeof RoomHarness>) => {
  const h = new RoomHarness(...args)
  h.join(ALICE, 'Alice')
  h.join(BOB, 'Bob')
  h.join(BOSS, 'Boss')
  h.clear()
  return h
}

describe('reflection', () => {
  test('has the same id, one stanza-id for all, and the occupant-id', () => {
    const h = room()
    h.say(ALICE, 'hello <all>', 'my-id')
    const copies = [ALICE, BOB, BOSS].map((to) => h.takeOne(to))
    for (const copy of copies) {
      expect(copy.attrs).toMatchObject({ id: 'my-id', type: 'groupchat', from: `${ROOM}/Alice` })
      expect(copy.getChildText('body')).toBe('hello <all>')
      expect(copy.getChild('occupant-id', NS.occupantId)?.attrs.id).toBe(h.archive.entries[0]?.occupantId)
      expect(copy.getChild('stanza-id', NS.sid)?.attrs).toMatchObject({
        by: ROOM,
        id: h.archive.entries[0]?.id,
      })
    }
  })

  test('keeps unknown children, origin-id and language, and cuts what is forged', () => {
    const h = room()
    h.send(
      ALICE,
      `<message type="groupchat" id="m" xml:lang="de"><body>hi</body><origin-id xmlns="${NS.sid}" id="o"/>` +
        `<thing xmlns="urn:x" a="1"><deep>t</deep></thing><stanza-id xmlns="${NS.sid}" by="${ROOM}" id="666"/>` +
        `<stanza-id xmlns="${NS.sid}" by="other.example" id="7"/><occupant-id xmlns="${NS.occupantId}" id="no"/>` +
        `<delay xmlns="${NS.delay}" from="${ROOM}" stamp="2001-01-01T00:00:00Z"/><delay xmlns="${NS.delay}" stamp="2001-01-01T00:00:00Z"/>` +
        `<x xmlns="${NS.mucUser}"><status code="104"/></x></message>`,
    )
    const copy = h.takeOne(BOB)
    expect(copy.attrs['xml:lang']).toBe('de')
    expect(copy.getChildElements().map((child) => child.name)).toEqual([
      'body',
      'origin-id',
      'thing',
      'stanza-id',
      'stanza-id',
      'occupant-id',
    ])
    expect(copy.getChild('thing', 'urn:x')?.toString()).toBe(
      '<thing xmlns="urn:x" a="1"><deep>t</deep></thing>',
    )
    expect(copy.getChildren('stanza-id').map((child) => child.attrs.by)).toEqual(['other.example', ROOM])
    expect(copy.getChild('occupant-id')?.attrs.id).not.toBe('no')
  })

  test('comes after the archive has it, and then goes to the lobby', () => {
    const h = room()
    h.archive.mode = 'hold'
    h.say(ALICE, 'wait')
    expect([h.take(ALICE), h.takeLobby()]).toEqual([[], []])
    h.release()
    expect(h.takeOne(ALICE).getChildText('body')).toBe('wait')
    expect(h.takeLobby()).toEqual([
      {
        kind: 'local-said',
        account: 'alice@example.org',
        nick: 'Alice',
        body: 'wait',
        manner: { kind: 'plain' },
        ref: h.archive.entries[0]?.id,
      },
    ])
  })

  test('does not happen when the archive fails: the sender is told', () => {
    const h = room()
    h.archive.mode = 'fail'
    h.say(ALICE, 'lost', 'm9')
    expect(errorOf(h.takeOne(ALICE))).toEqual({ error: 'wait/resource-constraint', by: ROOM, id: 'm9' })
    expect([h.take(BOB), h.takeLobby()]).toEqual([[], []])
  })

  test('of a message without id gets one that all see', () => {
    const h = room()
    h.send(ALICE, '<message type="groupchat"><body>hi</body></message>')
    const { id } = h.takeOne(BOB).attrs
    expect(id).toMatch(/./)
    expect(h.takeOne(BOSS).attrs.id).toBe(id)
  })

  test('passes /me as it is', () => {
    const h = room()
    h.say(ALICE, '/me purrs')
    expect(h.takeOne(BOB).getChildText('body')).toBe('/me purrs')
  })
})

describe('refusals', () => {
  test('a stranger is not acceptable', () => {
    const h = room()
    h.say('eve@example.org/x', 'hi', 'm2')
    expect(errorOf(h.takeOne('eve@example.org/x'))).toEqual({
      error: 'cancel/not-acceptable',
      by: ROOM,
      id: 'm2',
    })
    expect(h.take(BOB)).toEqual([])
  })

  test('what the network cannot carry is refused before anything else', () => {
    const h = room({
      policy: {
        refusesText: (text) =>
          text.length > 5 ? { type: 'modify', condition: 'policy-violation', text: 'max 5' } : undefined,
      },
    })
    h.say(ALICE, 'too long', 'm3')
    expect(errorOf(h.takeOne(ALICE))).toEqual({ error: 'modify/policy-violation', by: ROOM, id: 'm3' })
    expect(h.archive.entries).toEqual([])
  })

  test('who speaks too fast is refused before anybody sees it; texts are asked about first, and once', () => {
    const asked: string[] = []
    const h = room({
      policy: {
        refusesText: (text) =>
          text === 'bad' ? { type: 'modify', condition: 'not-acceptable', text: 'no' } : undefined,
        admits: (account, nick) => {
          asked.push(`${account} ${nick}`)
          return asked.length > 1
            ? { type: 'wait', condition: 'policy-violation', text: 'in 7 s' }
            : undefined
        },
      },
    })
    h.say(ALICE, 'bad', 'm1')
    h.send(
      ALICE,
      '<message id="t" type="groupchat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>',
    )
    expect(asked).toEqual([])
    h.clear()
    h.say(ALICE, 'first', 'm2')
    expect(h.archive.entries).toHaveLength(1)
    h.clear()
    h.say(ALICE, 'second', 'm3')
    expect(errorOf(h.takeOne(ALICE))).toEqual({ error: 'wait/policy-violation', by: ROOM, id: 'm3' })
    expect(h.take(BOB)).toEqual([])
    expect(h.archive.entries).toHaveLength(1)
    expect(new Set(asked).size).toBe(1)
    expect(asked).toHaveLength(2)
  })

  test('a network that refuses later is reported to the sender by the message id', () => {
    const h = room()
    h.say(ALICE, 'hi', 'm4')
    const ref = h.archive.entries[0]?.id as never
    h.clear()
    h.step({ kind: 'not-sent', ref, error: { type: 'wait', condition: 'policy-violation', text: 'flood' } })
    expect(errorOf(h.takeOne(ALICE))).toEqual({ error: 'wait/policy-violation', by: ROOM, id: 'm4' })
    h.advance(10 * 60_000)
    h.step({ kind: 'not-sent', ref, error: { type: 'wait', condition: 'policy-violation', text: 'flood' } })
    expect(h.sent.size).toBe(0)
  })

  test('other types of message to the room are bad requests', () => {
    const h = room()
    h.send(ALICE, '<message id="c" type="chat"><body>psst</body></message>')
    expect(errorOf(h.takeOne(ALICE)).error).toBe('modify/bad-request')
    h.send('eve@example.org/x', '<message id="c"><body>psst</body></message>')
    expect(errorOf(h.takeOne('eve@example.org/x')).error).toBe('cancel/not-acceptable')
  })
})

describe('the archive', () => {
  const message = (inside: string) => `<message type="groupchat" id="m">${inside}</message>`
  test.each([
    ['a body', '<body>hi</body>', 1],
    ['a reaction', '<reactions xmlns="urn:xmpp:reactions:0" id="x"><reaction>+</reaction></reactions>', 1],
    [
      'a retraction with store hint',
      `<retract xmlns="urn:xmpp:message-retract:1" id="x"/><store xmlns="${NS.hints}"/>`,
      1,
    ],
    [
      'a marker that asks to be stored',
      `<displayed xmlns="urn:xmpp:chat-markers:0" id="x"/><store xmlns="${NS.hints}"/>`,
      1,
    ],
    ['no marker', '<displayed xmlns="urn:xmpp:chat-markers:0" id="x"/>', 0],
    ['no chat state', `<active xmlns="${NS.chatStates}"/><thread>t</thread>`, 0],
    ['nothing marked no-store', `<body>secret</body><no-store xmlns="${NS.hints}"/>`, 0],
    ['nothing marked no-permanent-store', `<body>secret</body><no-permanent-store xmlns="${NS.hints}"/>`, 0],
  ])('keeps %s', (_, inside, kept) => {
    const h = room()
    h.send(ALICE, message(inside))
    expect(h.archive.entries).toHaveLength(kept)
    const copy = h.takeOne(BOB)
    expect(copy.getChildren('stanza-id')).toHaveLength(kept)
  })

  test('holds the message as it was sent, without address', () => {
    const h = room()
    h.say(ALICE, 'hi')
    const copy = h.takeOne(BOB)
    delete copy.attrs.to
    expect(h.archive.entries[0]?.xml).toBe(copy.toString())
  })

  test('does not keep a body with no-store, but the lobby hears it', () => {
    const h = room()
    h.send(ALICE, message(`<body>psst</body><no-store xmlns="${NS.hints}"/>`))
    expect(h.takeLobby()).toMatchObject([{ kind: 'local-said', body: 'psst' }])
  })
})

test('a message with nothing in it is ignored', () => {
  const h = room()
  for (const inside of [
    '',
    '<body/>',
    '<body></body><thread>t</thread>',
    `<store xmlns="${NS.hints}"/><origin-id xmlns="${NS.sid}" id="o"/>`,
  ])
    h.send(ALICE, `<message type="groupchat" id="m">${inside}</message>`)
  expect([h.sent.size, h.archive.entries.length]).toEqual([0, 0])
})

describe('typing', () => {
  const composing = `<message type="groupchat"><composing xmlns="${NS.chatStates}"/><no-store xmlns="${NS.hints}"/></message>`

  test('is passed on as it is and told to the lobby at most every five seconds', () => {
    const h = room()
    h.send(ALICE, composing)
    expect(h.takeOne(BOB).getChild('composing', NS.chatStates)).toBeDefined()
    h.advance(3000)
    h.send(ALICE, composing)
    h.advance(3000)
    h.send(ALICE, composing)
    h.send(ALICE, composing.replace('composing', 'paused'))
    expect(h.takeLobby()).toEqual([
      { kind: 'local-typing', account: 'alice@example.org', nick: 'Alice' },
      { kind: 'local-typing', account: 'alice@example.org', nick: 'Alice' },
    ])
  })

  test('counts anew after something was said', () => {
    const h = room()
    h.send(ALICE, composing)
    h.say(ALICE, 'hi')
    h.send(ALICE, composing)
    expect(h.takeLobby().map((effect) => effect.kind)).toEqual(['local-typing', 'local-said', 'local-typing'])
  })
})

describe('the subject', () => {
  const subject = (inside: string, text = 'mice') =>
    `<message type="groupchat" id="s1">${inside}<subject>${text}</subject></message>`

  test.each([
    ['alone', ''],
    ['with an empty body, as mcabber sends it', '<body></body>'],
  ])('%s changes it for owners and is archived as such', (_, inside) => {
    const h = room()
    h.send(BOSS, subject(inside))
    const seen = h.takeOne(BOB)
    expect([seen.attrs.from, seen.attrs.id, seen.getChildText('subject'), seen.getChild('body')]).toEqual([
      `${ROOM}/Boss`,
      's1',
      'mice',
      undefined,
    ])
    expect(h.archive.entries).toMatchObject([{ kind: 'subject', body: null, nick: 'Boss' }])
    expect(h.takeLobby()).toEqual([{ kind: 'subject-changed', subject: 'mice' }])
    h.join('carl@example.org/x', 'Carl')
    const last = h.take('carl@example.org/x').at(-1)
    expect([last?.getChildText('subject'), last?.getChild('delay', NS.delay)?.attrs.from]).toEqual([
      'mice',
      ROOM,
    ])
  })

  test('is forbidden to others', () => {
    const h = room()
    h.send(ALICE, subject(''))
    expect(errorOf(h.takeOne(ALICE))).toEqual({ error: 'auth/forbidden', by: ROOM, id: 's1' })
    expect([h.take(BOB), h.room.subject]).toEqual([[], ''])
  })

  test('with a thread is a message, even of owners', () => {
    const h = room()
    h.send(BOSS, subject('<thread>t</thread>'))
    expect(h.takeOne(BOB).getChildText('thread')).toBe('t')
    expect([h.room.subject, h.takeLobby()]).toEqual(['', []])
  })

  test('with a body is a message', () => {
    const h = room()
    h.send(ALICE, subject('<body>look</body>'))
    expect(h.takeOne(BOB).getChildText('body')).toBe('look')
    expect(h.room.subject).toBe('')
  })

  test('can be taken away, cannot be endless, and a failed archive is told', () => {
    const h = room()
    h.send(BOSS, subject(''))
    h.send(BOSS, subject('', ''))
    expect(h.room.subject).toBe('')
    h.clear()
    h.send(BOSS, subject('', 'x'.repeat(2001)))
    expect(errorOf(h.takeOne(BOSS)).error).toBe('modify/policy-violation')
    h.archive.mode = 'fail'
    h.send(BOSS, subject('', 'y'))
    expect(errorOf(h.takeOne(BOSS)).error).toBe('wait/resource-constraint')
    expect(h.take(BOB)).toEqual([])
  })

  test('of the network is refused like any text', () => {
    const h = room({
      policy: { refusesText: () => ({ type: 'modify', condition: 'not-acceptable', text: 'no' }) },
    })
    h.send(BOSS, subject(''))
    expect(errorOf(h.takeOne(BOSS)).error).toBe('modify/not-acceptable')
  })

  test('that could not be stored is not in force: who joined meanwhile is told so, later joiners see the one before', () => {
    const h = room()
    h.send(BOSS, subject('', 'first'))
    h.clear()
    h.archive.mode = 'hold'
    h.send(BOSS, subject('', 'second'))
    h.join('early@example.org/x', 'Early')
    h.archive.mode = 'fail'
    h.step({ kind: 'wake' })
    const subjects = (who: string) => h.take(who).flatMap((each) => each.getChildText('subject') ?? [])
    expect(subjects('early@example.org/x')).toEqual(['second', 'first'])
    expect(subjects(BOB)).toEqual([])
    h.join('late@example.org/x', 'Late')
    expect(subjects('late@example.org/x')).toEqual(['first'])
    expect(h.takeLobby().map((effect) => effect.kind)).not.toContain('subject-changed')
  })

  test('changed twice at once is the later one', () => {
    const h = room()
    h.archive.mode = 'hold'
    h.send(BOSS, subject('', 'first'))
    h.send(BOSS, subject('', 'second'))
    h.release()
    expect([h.room.subject, h.take(BOB).map((each) => each.getChildText('subject'))]).toEqual([
      'second',
      ['first', 'second'],
    ])
  })

  test('of the lobby is told in the name of the room, once', () => {
    const h = room()
    const description = { ...h.room.description, subject: 'birds' }
    h.step({ kind: 'described', description })
    const seen = h.takeOne(BOB)
    expect([seen.attrs.from, seen.getChildText('subject')]).toEqual([ROOM, 'birds'])
    expect(h.archive.entries).toMatchObject([{ kind: 'subject', occupantId: '', nick: '' }])
    h.clear()
    h.send(BOSS, subject('', 'mice'))
    h.clear()
    h.step({ kind: 'described', description })
    expect([h.sent.size, h.room.subject]).toEqual([0, 'mice'])
    h.step({ kind: 'described', description: { ...description, subject: 'mice' } })
    expect(h.sent.size).toBe(0)
  })
})
