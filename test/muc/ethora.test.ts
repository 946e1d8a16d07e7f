// The Ethora chat component in a room with others: everybody gets what it understands. Requests are as recorded.
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { ethoraSent } from '../support/ethora-sent.ts'
import { errorOf, participant, ROOM, RoomHarness } from './room-harness.ts'

const ALICE = 'alice@example.org/web'
const BOB = 'bob@example.org/desk'
const BOSS = 'boss@example.org/web'
const CAROL = { id: participant('carol'), nick: 'Carol Lang' }

const sent = (name: string, values: Readonly<Record<string, string>> = {}): string =>
  ethoraSent(name, { room: ROOM, me: ALICE, nick: 'alice', ...values })

/** Alice's component and Bob's ordinary client in one room. */
function together(): RoomHarness {
  const h = new RoomHarness()
  h.send(ALICE, sent('join'))
  h.join(BOB, 'Bob')
  h.clear()
  return h
}
const lastId = (h: RoomHarness): string => h.archive.entries.at(-1)?.id ?? 'none'
const data = (stanza: Element): Record<string, string> | undefined => stanza.getChild('data')?.attrs
const child = (stanza: Element, name: string, namespace: string): Element | undefined =>
  stanza.getChildElements().find((each) => each.name === name && each.attrs.xmlns === namespace)

/** What the component finds in the archive. */
function read(
  h: RoomHarness,
  request = sent('history'),
  from = ALICE,
): { messages: Element[]; fin: Element } {
  h.take(from)
  h.send(from, request)
  const stanzas = h.take(from)
  const fin = stanzas.at(-1)?.getChild('fin')
  if (!fin) throw new Error(String(stanzas.at(-1)))
  const messages = stanzas.slice(0, -1).map((stanza) => {
    // Version 24 looks at the first child only.
    const result = stanza.getChildElements()[0]
    expect([stanza.attrs.from, result?.name, result?.attrs.xmlns]).toEqual([ROOM, 'result', NS.mam])
    return result?.getChild('forwarded')?.getChild('message') as Element
  })
  return { messages, fin }
}

describe('joining', () => {
  test('self-presence has the id, and the role in its second child, beside exactly two called x', () => {
    for (const name of ['join', 'join24']) {
      const h = new RoomHarness()
      h.send(BOSS, sent(name, { me: BOSS, nick: 'boss' }))
      const own = h.take(BOSS)[0] as Element
      expect(own.attrs).toMatchObject({
        from: `${ROOM}/boss`,
        id: name === 'join' ? 'presenceInRoom-mwqw50ww-1' : 'presenceInRoom',
      })
      expect(own.getChildElements()[1]?.getChildElements()[0]?.attrs.role).toBe('moderator')
      expect(own.getChildren('x').map((x) => x.attrs.xmlns)).toEqual([NS.vcardUpdate, NS.mucUser])
    }
  })

  test('says nothing of what was said before: the component reads the archive', () => {
    const h = new RoomHarness()
    h.join(BOB, 'Bob')
    h.say(BOB, 'hello')
    h.send(ALICE, sent('join'))
    expect(h.take(ALICE).filter((stanza) => stanza.getChild('body'))).toEqual([])
  })

  test('again tells the others nothing new', () => {
    const h = together()
    h.send(ALICE, sent('join'))
    expect(h.take(BOB)).toEqual([])
    expect(h.take(ALICE).filter((stanza) => stanza.attrs.id === 'presenceInRoom-mwqw50ww-1')).toHaveLength(1)
  })

  test('keeps a nick that is too long for the lobby, by which the component knows itself', () => {
    const h = new RoomHarness({ policy: { fittingNick: (nick) => nick.slice(0, 4) } })
    h.send(ALICE, sent('join'))
    expect(h.take(ALICE)[0]?.attrs.from).toBe(`${ROOM}/alice`)
    h.join('alice@example.org/phone', 'alice')
    h.send(ALICE, `<presence to="${ROOM}/alice"/>`)
    h.join(BOB, 'alexander')
    expect([...h.room.occupants.keys()]).toEqual(['alice', 'alex'])
    expect(h.room.occupants.get('alice')).toMatchObject({ sessions: { length: 2 } })
  })

  test('a refusal has the id too', () => {
    const h = new RoomHarness({ description: { isMembersOnly: true } })
    h.send(ALICE, sent('join'))
    expect(errorOf(h.takeOne(ALICE))).toMatchObject({ id: 'presenceInRoom-mwqw50ww-1' })
  })
})

describe('texts', () => {
  test('come back with their id, the stanza-id and its old name, and who the room knows wrote them', () => {
    for (const name of ['text', 'text24']) {
      const h = together()
      h.send(ALICE, sent(name))
      const back = h.takeOne(ALICE)
      const id = lastId(h)
      expect(back.attrs).toMatchObject({
        from: `${ROOM}/alice`,
        id: expect.stringMatching(/^send-text|^1795/),
      })
      expect(data(back)).toMatchObject({
        fullName: 'alice',
        senderJID: 'alice@lobbies.example',
        showInChannel: 'false',
        roomJid: ROOM,
        xmlns: expect.stringMatching(/^wss?:/),
      })
      expect(child(back, 'stanza-id', NS.sid)?.attrs).toMatchObject({ by: ROOM, id })
      expect(child(back, 'archived', NS.archived)?.attrs).toMatchObject({ by: ROOM, id })
      expect(id).toMatch(/^\d{16}$/)
    }
  })

  test('reach others with all that the component put in, and nothing that is only for the component', () => {
    const h = together()
    h.send(ALICE, sent('text'))
    const other = h.takeOne(BOB)
    expect([other.getChildText('body'), data(other)?.fullName]).toEqual(['first mine', 'Alice A'])
    expect(other.getChild('archived')).toBeUndefined()
    expect(h.takeLobby()).toMatchObject([{ kind: 'local-said', nick: 'alice', body: 'first mine' }])
  })

  test('of other clients and of the lobby come with a name in two parts and an author', () => {
    const h = together()
    h.say(BOB, 'hello')
    expect(data(h.takeOne(ALICE))).toEqual({
      senderFirstName: 'Bob',
      senderLastName: '\u200B',
      fullName: 'Bob',
      senderJID: 'Bob@lobbies.example',
      senderWalletAddress: 'Bob',
      isSystemMessage: 'false',
      tokenAmount: '0',
      roomJid: ROOM,
    })
    h.step({
      kind: 'remote-said',
      occupant: CAROL,
      body: 'hi',
      files: [],
      sentAtMs: h.nowMs,
      networkId: 'n1',
    })
    const [, heard] = [h.take(BOB), h.takeOne(ALICE)]
    expect(data(heard)).toMatchObject({
      senderFirstName: 'Carol',
      senderLastName: 'Lang',
      fullName: 'Carol Lang',
    })
    expect(child(heard, 'archived', NS.archived)?.attrs.id).toBe(lastId(h))
  })

  test('of other clients reach other clients without any of it', () => {
    const h = together()
    h.say(BOB, 'hello')
    expect(
      h
        .takeOne(BOB)
        .getChildElements()
        .map((each) => each.name),
    ).toEqual(['body', 'stanza-id', 'occupant-id'])
    expect(h.archive.entries[0]?.xml).not.toContain('<data')
  })
})

describe('typing', () => {
  test('is passed on and not archived', () => {
    const h = together()
    for (const name of ['typing', 'paused']) {
      h.send(ALICE, sent(name))
      expect(h.takeOne(BOB).getChildElements()[0]?.name).toBe(name === 'typing' ? 'composing' : 'paused')
      expect(data(h.takeOne(ALICE))?.fullName).toBe('alice')
    }
    expect(h.archive.entries).toEqual([])
    expect(h.takeLobby()).toMatchObject([{ kind: 'local-typing', nick: 'alice' }])
  })

  test('of others has a name, and its end a form that the component knows', () => {
    const h = together()
    const state = (name: string) =>
      h.send(BOB, `<message type="groupchat"><${name} xmlns="${NS.chatStates}"/></message>`)
    state('composing')
    const begun = h.takeOne(ALICE)
    expect([begun.getChild('composing') !== undefined, data(begun)?.fullName]).toEqual([true, 'Bob'])
    for (const name of ['active', 'inactive', 'gone', 'paused']) {
      state(name)
      expect(h.takeOne(ALICE).getChild('paused')).toBeDefined()
    }
    h.step({ kind: 'remote-entered', occupant: CAROL })
    h.clear()
    h.step({ kind: 'remote-typing', id: CAROL.id })
    expect(data(h.takeOne(ALICE))?.fullName).toBe('Carol Lang')
    h.advance(10_000)
    expect(h.takeOne(ALICE).getChild('paused')).toBeDefined()
  })

  test('beside a text does not hide the text, and ends before it', () => {
    const h = together()
    h.say(BOB, 'done', 'm1', `<active xmlns="${NS.chatStates}"/>`)
    const [ended, heard] = h.take(ALICE)
    expect([ended?.getChild('paused') !== undefined, ended?.attrs.from]).toEqual([true, `${ROOM}/Bob`])
    expect([heard?.getChildText('body'), heard?.getChild('paused')]).toEqual(['done', undefined])
    h.step({ kind: 'remote-entered', occupant: CAROL })
    h.step({ kind: 'remote-typing', id: CAROL.id })
    h.clear()
    h.step({
      kind: 'remote-said',
      occupant: CAROL,
      body: 'hi',
      files: [],
      sentAtMs: h.nowMs,
      networkId: 'n1',
    })
    expect(h.take(ALICE).map((stanza) => stanza.getChildText('body'))).toEqual([null, 'hi'])
  })
})

describe('edits', () => {
  const edited = (): { h: RoomHarness; id: string } => {
    const h = together()
    h.send(ALICE, sent('text'))
    const id = lastId(h)
    h.clear()
    h.send(ALICE, sent('edit', { id }))
    return { h, id }
  }

  test('come back as they were sent, and are corrections to others and to the lobby', () => {
    const { h, id } = edited()
    const back = h.takeOne(ALICE)
    expect(back.attrs.id).toBe('edit-message-1795294763520')
    expect(back.getChild('replace')?.attrs).toMatchObject({ id, text: 'first mine EDITED' })
    expect([back.getChild('body'), back.getChild('stanza-id')?.attrs.by]).toEqual([undefined, ROOM])
    const other = h.takeOne(BOB)
    expect(other.getChildText('body')).toBe('first mine EDITED')
    expect(child(other, 'replace', NS.correction)?.attrs.id).toBe(
      'send-text-message-647b61c9-fc0e-46f2-b54c-8eadbc66e929',
    )
    expect(h.takeLobby()).toMatchObject([
      { kind: 'local-said', body: 'first mine EDITED', manner: { kind: 'correction' } },
    ])
  })

  test('are in the archive: one message for the component, a message and its correction for others', () => {
    const { h, id } = edited()
    h.send(ALICE, sent('edit', { id }).replace('EDITED', 'AGAIN'))
    const { messages } = read(h)
    expect(messages.map((message) => message.getChildText('body'))).toEqual(['first mine AGAIN'])
    expect([messages[0]?.attrs.id, data(messages[0] as Element)?.fullName]).toEqual([
      'send-text-message-647b61c9-fc0e-46f2-b54c-8eadbc66e929',
      'alice',
    ])
    expect(h.archive.entries.map(({ body, corrects }) => [body, corrects])).toEqual([
      ['first mine', undefined],
      ['first mine EDITED', id],
      ['first mine AGAIN', id],
    ])
  })

  test('of somebody else, of nothing and of what was deleted are refused', () => {
    const h = together()
    h.say(BOB, 'mine')
    const id = lastId(h)
    h.clear()
    h.send(ALICE, sent('edit', { id }))
    expect(errorOf(h.takeOne(ALICE))).toMatchObject({
      error: 'auth/forbidden',
      id: 'edit-message-1795294763520',
    })
    h.send(ALICE, sent('edit', { id: '1000000000000000' }))
    expect(errorOf(h.takeOne(ALICE)).error).toBe('cancel/item-not-found')
    h.send(BOB, `<message type="groupchat"><retract xmlns="${NS.retraction}" id="${id}"/></message>`)
    h.clear()
    h.send(BOB, sent('edit', { id }))
    expect(errorOf(h.takeOne(BOB)).error).toBe('cancel/not-acceptable')
    expect(h.take(ALICE)).toEqual([])
  })

  test('of other clients are edits to the component', () => {
    const h = together()
    h.say(BOB, 'helo', 'm1')
    const id = lastId(h)
    h.clear()
    h.say(BOB, 'hello', 'm2', `<replace xmlns="${NS.correction}" id="m1"/>`)
    const heard = h.takeOne(ALICE)
    expect(heard.attrs.id).toContain('edit-message')
    expect(heard.getChild('replace')?.attrs).toMatchObject({ id, text: 'hello' })
    expect([heard.getChild('body'), heard.getChild('stanza-id')?.attrs.by]).toEqual([undefined, ROOM])
    expect(read(h).messages.map((message) => message.getChildText('body'))).toEqual(['hello'])
  })
})

describe('deletes', () => {
  test('come back as they were sent, are retractions to others, and leave a tombstone that the component knows', () => {
    const h = together()
    h.send(ALICE, sent('text'))
    const id = lastId(h)
    h.send(ALICE, sent('edit', { id }))
    h.clear()
    h.send(ALICE, sent('delete', { id }))
    const back = h.takeOne(ALICE)
    expect([back.attrs.id, back.getChild('delete')?.attrs.id, back.getChild('stanza-id')?.attrs.by]).toEqual([
      'deleteMessageStanza',
      id,
      ROOM,
    ])
    expect(child(h.takeOne(BOB), 'retract', NS.retraction)?.attrs.id).toBe(id)
    expect(h.takeLobby()).toMatchObject([{ kind: 'local-said', manner: { kind: 'retraction' } }])
    const { messages } = read(h)
    expect(messages).toHaveLength(1)
    expect(messages[0]?.getChild('deleted')).toBeDefined()
    expect(messages[0]?.getChildText('body')).toBe('This message was deleted')
    expect(h.archive.entries.filter((entry) => entry.kind === 'retracted')).toHaveLength(2)
  })

  test("of others' messages are for moderators, and told as moderation", () => {
    const h = together()
    h.send(BOSS, sent('join', { me: BOSS, nick: 'boss' }))
    h.say(BOB, 'rude')
    const id = lastId(h)
    h.clear()
    h.send(ALICE, sent('delete', { id }))
    expect(errorOf(h.takeOne(ALICE)).error).toBe('auth/forbidden')
    h.send(BOSS, sent('delete', { id, me: BOSS }))
    for (const component of [ALICE, BOSS]) {
      const heard = h.takeOne(component)
      expect([heard.attrs.id, heard.getChild('delete')?.attrs.id]).toEqual(['deleteMessageStanza', id])
    }
    const told = child(h.takeOne(BOB), 'retract', NS.retraction)
    expect([told?.attrs.id, told?.getChild('moderated')?.attrs.by]).toEqual([id, `${ROOM}/boss`])
    expect(read(h).messages[0]?.getChild('deleted')).toBeDefined()
  })

  test('of what is no message of an occupant are refused', () => {
    const h = together()
    h.send(BOSS, sent('join', { me: BOSS, nick: 'boss' }))
    h.step({ kind: 'gap', fromMs: 1, toMs: 2 })
    const id = lastId(h)
    h.clear()
    h.send(BOSS, sent('delete', { id, me: BOSS }))
    expect(errorOf(h.takeOne(BOSS)).error).toBe('cancel/not-allowed')
  })

  test('of other clients are deletes to the component', () => {
    const h = together()
    h.say(BOB, 'oops', 'm1')
    const id = lastId(h)
    h.clear()
    h.send(BOB, `<message type="groupchat" id="r1"><retract xmlns="${NS.retraction}" id="m1"/></message>`)
    const heard = h.takeOne(ALICE)
    expect([heard.attrs.id, heard.getChild('delete')?.attrs.id]).toEqual(['deleteMessageStanza', id])
  })
})

describe('replies', () => {
  test('name what they answer to other clients and to the lobby', () => {
    const h = together()
    h.say(BOB, 'hello')
    const id = lastId(h)
    h.clear()
    h.send(ALICE, sent('reply', { id }))
    expect(child(h.takeOne(BOB), 'reply', NS.reply)?.attrs).toMatchObject({ id, to: `${ROOM}/Bob` })
    expect(h.takeLobby()).toMatchObject([
      {
        kind: 'local-said',
        body: 'an answer',
        manner: { kind: 'reply', to: { nick: 'Bob', excerpt: 'hello' } },
      },
    ])
    expect(JSON.parse(data(h.takeOne(ALICE))?.mainMessage ?? '')).toMatchObject({ id, text: 'hello' })
  })

  test('of other clients are replies to the component, without what they quote', () => {
    const h = together()
    const reply = `<reply xmlns="${NS.reply}" id="1790000000000000" to="${ROOM}/alice"/>`
    h.say(BOB, '> first mine\nindeed', 'm1', reply)
    const heard = h.takeOne(ALICE)
    expect(data(heard)).toMatchObject({ isReply: 'true', showInChannel: 'true' })
    expect(JSON.parse(data(heard)?.mainMessage ?? '')).toEqual({
      id: '1790000000000000',
      text: 'first mine',
      userName: 'alice',
      roomJid: ROOM,
    })
    expect(heard.getChildText('body')).toBe('indeed')
  })
})

describe('reactions', () => {
  test('are short names to the component and emoji to others, the lobby and the archive', () => {
    const h = together()
    h.say(BOB, 'hello')
    const id = lastId(h)
    h.clear()
    h.send(ALICE, sent('reaction', { id }))
    const texts = (stanza: Element | undefined) =>
      child(stanza as Element, 'reactions', NS.reactions)
        ?.getChildren('reaction')
        .map((each) => each.getText())
    const back = h.takeOne(ALICE)
    expect([texts(back), back.getChild('reactions')?.attrs]).toMatchObject([
      ['+1'],
      { id, from: 'alice@lobbies.example' },
    ])
    expect(back.attrs.id).toBe('message-reaction:1795294759837')
    const other = h.takeOne(BOB)
    expect([texts(other), other.getChild('reactions')?.attrs.from]).toEqual([['👍'], undefined])
    expect(h.takeLobby()).toMatchObject([{ manner: { kind: 'reaction', reactions: ['👍'] } }])
    const kept = read(h).messages.at(-1)
    expect([texts(kept), kept?.getChild('reactions')?.attrs]).toMatchObject([
      ['+1'],
      { id, from: 'alice@lobbies.example' },
    ])
    expect([data(kept as Element)?.senderFirstName, kept?.getChild('stanza-id')?.attrs.by]).toEqual([
      'alice',
      ROOM,
    ])
  })

  test('of other clients have short names, an author and an id that the component knows', () => {
    const h = together()
    const emoji = ['❤', '👍🏽', '🫠'].map((each) => `<reaction>${each}</reaction>`).join('')
    h.send(
      BOB,
      `<message type="groupchat" id="x1"><reactions xmlns="${NS.reactions}" id="1790000000000000">${emoji}</reactions></message>`,
    )
    const heard = h.takeOne(ALICE)
    expect(heard.attrs.id).toContain('message-reaction')
    expect(heard.getChild('reactions')?.attrs).toMatchObject({
      id: '1790000000000000',
      from: 'Bob@lobbies.example',
    })
    expect(
      heard
        .getChild('reactions')
        ?.getChildren('reaction')
        .map((each) => each.getText()),
    ).toEqual(['heart', '+1', '🫠'])
    expect([data(heard)?.senderFirstName, heard.getChild('stanza-id')?.attrs.by]).toEqual(['Bob', ROOM])
  })
})

describe('files', () => {
  test('are addresses to other clients and to the lobby, with all that the component put in', () => {
    const h = together()
    h.send(ALICE, sent('media'))
    const other = h.takeOne(BOB)
    const url = 'https://files.example/cat.png'
    expect([other.getChildText('body'), child(other, 'x', NS.oob)?.getChildText('url')]).toEqual([url, url])
    expect(data(other)).toMatchObject({
      isMediafile: 'true',
      mimetype: 'image/png',
      size: '1234',
      location: url,
    })
    expect(h.takeLobby()).toMatchObject([{ kind: 'local-said', body: url }])
    expect(h.takeOne(ALICE).getChildText('body')).toBe('media')
    expect(read(h).messages[0]?.getChildText('body')).toBe('media')
  })

  test('that are none of the web stay words', () => {
    const h = together()
    h.send(ALICE, sent('media').replaceAll('https://files.example/cat.png', 'javascript:alert(1)'))
    expect(h.takeOne(BOB).getChildText('body')).toBe('media')
  })

  test('of other clients and of the lobby are files to the component', () => {
    const h = together()
    const url = 'https://files.example/a/dog.JPG?x=1'
    h.say(BOB, url.replaceAll('&', '&amp;'), 'm1', `<x xmlns="${NS.oob}"><url>${url}</url></x>`)
    expect(data(h.takeOne(ALICE))).toMatchObject({
      isMediafile: 'true',
      mimetype: 'image/jpeg',
      location: url,
      fileName: 'dog.JPG',
    })
    const picture = {
      url: 'https://here.example/files/1/image.png',
      name: 'image.png',
      mediaType: 'image/png',
      size: 9,
      width: 1,
      height: 1,
      sha256: new Uint8Array(32),
    }
    h.step({
      kind: 'remote-said',
      occupant: CAROL,
      body: picture.url,
      files: [picture],
      sentAtMs: h.nowMs,
      networkId: 'n1',
    })
    expect(data(h.takeOne(ALICE))).toMatchObject({
      isMediafile: 'true',
      mimetype: 'image/png',
      size: '9',
      location: picture.url,
    })
  })
})

describe('nobody', () => {
  const IDS = ['deleteMessageStanza', 'edit-message-1', 'x-edit-message', 'message-reaction:1']
  const NAMES = [
    'delete',
    'replace',
    'deleted',
    'reactions',
    'archived',
    'stanza-id',
    'result',
    'translations',
  ]
  const foreign = (victim: string): string =>
    [...NAMES, 'event', 'user-update', 'chat-update', 'y:delete', 'y:x']
      .map(
        (name) =>
          `<${name} xmlns="urn:x" xmlns:y="urn:y" id="${victim}" by="${ROOM}" text="fool" from="boss@x"/>`,
      )
      .join('')
  const names = (stanza: Element | undefined) => stanza?.getChildElements().map((each) => each.name)
  /** Something of Alice's, which Bob is after. */
  const victim = (): { h: RoomHarness; id: string } => {
    const h = together()
    h.send(ALICE, sent('text'))
    const id = lastId(h)
    h.clear()
    return { h, id }
  }

  test("changes others' messages, live or in the archive, by names in a namespace of one's own", () => {
    const { h, id } = victim()
    for (const forged of [...IDS, id]) {
      h.send(
        BOB,
        `<message type="groupchat" id="${forged}"><body xmlns="urn:x">no</body><body>x</body>${foreign(id)}</message>`,
      )
      const heard = h.takeOne(ALICE)
      expect(names(heard)).toEqual(['data', 'body', 'occupant-id', 'stanza-id', 'archived'])
      expect([heard.attrs.id, heard.getChildText('body')]).toEqual([lastId(h), 'x'])
      expect([heard.getChild('stanza-id')?.attrs.id, heard.getChild('archived')?.attrs.id]).toEqual([
        lastId(h),
        lastId(h),
      ])
      expect(h.takeOne(BOB).attrs.id).toBe(forged)
      const kept = read(h).messages.at(-1)
      expect([names(kept), kept?.attrs.id]).toEqual([names(heard), lastId(h)])
    }
    expect(read(h).messages[0]?.getChildText('body')).toBe('first mine')
  })

  test("changes others' messages by what is not archived, by a subject or in private", () => {
    const { h, id } = victim()
    const noStore = `<no-store xmlns="${NS.hints}"/>`
    h.send(BOB, `<message type="groupchat" id="${id}"><body>x</body>${noStore}${foreign(id)}</message>`)
    const passing = h.takeOne(ALICE)
    expect([passing.attrs.id, names(passing)]).toEqual([
      undefined,
      ['data', 'body', 'no-store', 'occupant-id'],
    ])
    h.join(BOSS, 'boss')
    h.clear()
    h.send(
      BOSS,
      `<message type="groupchat" id="deleteMessageStanza"><subject>s</subject>${foreign(id)}</message>`,
    )
    const topic = h.takeOne(ALICE)
    expect([topic.attrs.id, topic.getChild('delete'), topic.getChildText('subject')]).toEqual([
      lastId(h),
      undefined,
      's',
    ])
    h.send(
      BOB,
      `<message type="headline" to="${ROOM}/alice" id="deleteMessageStanza"><body>x</body>${foreign(id)}</message>`,
    )
    const whispered = h.takeOne(ALICE)
    expect([whispered.attrs.id, names(whispered)]).toEqual([undefined, ['data', 'body', 'x', 'occupant-id']])
  })

  test('hides a change that is not theirs beside one that is', () => {
    const { h, id } = victim()
    h.say(BOB, 'mine')
    const own = lastId(h)
    h.clear()
    h.send(
      BOB,
      `<message type="groupchat" id="deleteMessageStanza"><replace id="${own}" text="new"/><delete id="${id}"/></message>`,
    )
    const heard = h.takeOne(ALICE)
    expect([heard.attrs.id, names(heard)]).toEqual([
      `edit-message-${own}`,
      ['replace', 'stanza-id', 'archived'],
    ])
    expect(heard.getChild('replace')?.attrs).toEqual({ id: own, text: 'new' })
  })

  test('is somebody else, the system, or another message by what stands in data', () => {
    const { h, id } = victim()
    const claims = `senderJID="boss@example.org" fullName="The Boss" senderFirstName="The" senderLastName="Boss"
      senderWalletAddress="0xAbCd" isSystemMessage="true" id="${id}" xmppId="${id}" body="fool" user="boss" type="call-state"`
    const honest = {
      senderFirstName: 'Bob',
      senderLastName: '\u200B',
      fullName: 'Bob',
      senderJID: 'Bob@lobbies.example',
      senderWalletAddress: 'Bob',
      isSystemMessage: 'false',
      tokenAmount: '0',
      roomJid: ROOM,
    }
    for (const xmlns of ['', 'xmlns="urn:x"']) {
      h.say(BOB, 'hello', 'm1', `<data ${claims} ${xmlns}/>`)
      const heard = h.takeOne(ALICE)
      expect([data(heard), heard.getChildren('data').length]).toEqual([honest, 1])
      expect(data(read(h).messages.at(-1) as Element)).toEqual(honest)
    }
  })

  test('reacts as somebody else', () => {
    const { h, id } = victim()
    h.send(
      BOB,
      `<message type="groupchat" id="message-reaction:1"><reactions xmlns="${NS.reactions}" id="${id}" from="boss@example.org"><reaction>+1</reaction></reactions><data senderFirstName="The" senderLastName="Boss"/></message>`,
    )
    for (const heard of [h.takeOne(ALICE), read(h).messages.at(-1)])
      expect([heard?.getChild('reactions')?.attrs.from, data(heard as Element)?.senderFirstName]).toEqual([
        'Bob@lobbies.example',
        'Bob',
      ])
  })

  test('gives a message the old mark of an archive in the name of the room, for any client', () => {
    const { h, id } = victim()
    const mark = (by: string) => `<archived xmlns="${NS.archived}" by="${by}" id="${id}"/>`
    h.say(BOB, 'hello', 'm1', mark(ROOM) + mark('elsewhere.example'))
    expect(child(h.takeOne(BOB), 'archived', NS.archived)?.attrs.by).toBe('elsewhere.example')
    expect(
      h
        .takeOne(ALICE)
        .getChildren('archived')
        .map((each) => each.attrs.id),
    ).toEqual([lastId(h)])
  })

  test('loses the wallet by which version 24 knows its own messages', () => {
    const h = new RoomHarness()
    const me = '0x_ab_cd@example.org/web'
    h.send(me, sent('join24', { me, nick: '0x_ab_cd' }))
    h.clear()
    h.send(me, sent('text24', { me }))
    expect(data(h.takeOne(me))?.senderWalletAddress).toBe('0xAbCd')
    expect(data(read(h, sent('history24'), me).messages[0] as Element)?.senderWalletAddress).toBe('0xAbCd')
  })
})

describe('history', () => {
  test('is paged backwards by numbers, every message complete, and says whether there is more', () => {
    const h = together()
    for (let n = 0; n < 5; n++) h.say(BOB, `text ${n}`, `m${n}`)
    h.send(ALICE, sent('text'))
    h.send(ALICE, sent('edit', { id: lastId(h) }))
    const all = read(h, sent('history24'))
    expect(all.messages.map((message) => message.getChildText('body'))).toEqual([
      ...[0, 1, 2, 3, 4].map((n) => `text ${n}`),
      'first mine EDITED',
    ])
    for (const message of all.messages) {
      expect(data(message)).toMatchObject({
        senderFirstName: expect.stringMatching(/./),
        senderLastName: expect.stringMatching(/./),
        senderJID: expect.stringMatching(/./),
      })
      expect(message.getChild('archived')?.attrs.id).toBe(message.getChild('stanza-id')?.attrs.id)
    }
    expect(all.fin.attrs.complete).toBe('true')
    const oldest = (messages: readonly Element[]) =>
      String(Number(messages[0]?.getChild('stanza-id')?.attrs.id))
    const page = read(h, sent('history-before', { id: oldest(all.messages.slice(4)) }))
    expect(page.messages.map((message) => message.getChildText('body'))).toEqual(['text 2', 'text 3'])
    expect(page.fin.attrs.complete).toBe('false')
    const first = read(h, sent('history-before', { id: oldest(page.messages) }))
    expect([first.messages.length, first.fin.attrs.complete]).toEqual([2, 'true'])
  })

  test('is as ever for other clients', () => {
    const h = together()
    h.send(ALICE, sent('text'))
    h.send(ALICE, sent('edit', { id: lastId(h) }))
    h.clear()
    h.send(BOB, `<iq type="set" id="q"><query xmlns="${NS.mam}"/></iq>`)
    const stanzas = h.take(BOB)
    expect(stanzas).toHaveLength(3)
    expect(stanzas.map((stanza) => stanza.toString()).join('')).not.toContain('<archived')
  })

  test('has gaps as words of the room', () => {
    const h = together()
    h.step({ kind: 'gap', fromMs: 1, toMs: 2 })
    expect(data(h.takeOne(ALICE))).toMatchObject({ isSystemMessage: 'true', senderFirstName: 'cats' })
    expect(data(read(h).messages[0] as Element)).toMatchObject({ isSystemMessage: 'true' })
  })
})

describe('a room', () => {
  test('that the component makes is taken by its second form, which has the name', () => {
    const h = new RoomHarness({ isNew: true, description: { createdBy: 'alice@example.org' } })
    h.send(ALICE, sent('create'))
    const own = h.take(ALICE)[0] as Element
    expect(own.getChildren('x')).toHaveLength(2)
    expect(
      own
        .getChild('x', NS.mucUser)
        ?.getChildren('status')
        .map((each) => each.attrs.code),
    ).toContain('201')
    h.send(ALICE, sent('claim'))
    expect([h.takeOne(ALICE).attrs.type, h.saved]).toEqual(['result', []])
    h.send(ALICE, sent('configure'))
    expect(h.take(ALICE)[0]?.attrs).toMatchObject({ type: 'result', id: 'room-config:1795294747900' })
    expect(h.saved[0]?.write.lobby?.name).toBe('Garden')
    expect(h.room.config.description).toBe('What grows there')
  })

  test('is taken by what is said in it when no second form comes', () => {
    const h = new RoomHarness({ isNew: true, description: { createdBy: 'alice@example.org' } })
    h.send(ALICE, sent('create'))
    h.send(ALICE, sent('claim'))
    h.send(ALICE, sent('text'))
    expect([h.room.isLocked, h.archive.entries.length]).toEqual([false, 1])
  })

  test('invites somebody in its own name', () => {
    const h = together()
    h.send(ALICE, sent('invite', { guest: 'dora@example.org' }))
    expect(h.takeLobby()).toMatchObject([{ kind: 'local-invited', address: 'dora@example.org' }])
  })

  test('says who is in it and when they spoke last, addresses to those only who see them', () => {
    const h = together()
    h.step({ kind: 'remote-entered', occupant: CAROL })
    h.advance(60_000)
    h.say(BOB, 'hello')
    h.send(
      BOSS,
      '<iq type="set" id="a"><query xmlns="http://jabber.org/protocol/muc#admin"><item affiliation="outcast" jid="mallory@example.org"/></query></iq>',
    )
    h.send(
      BOSS,
      '<iq type="set" id="b"><query xmlns="http://jabber.org/protocol/muc#admin"><item affiliation="admin" jid="ann@example.org"/></query></iq>',
    )
    const ask = (from: string) => {
      h.clear()
      h.send(from, sent('members'))
      const reply = h.takeOne(from)
      expect([reply.attrs.type, reply.attrs.id]).toEqual(['result', 'roomMemberInfo'])
      return reply
        .getChild('query')
        ?.getChildren('activity')
        .map((each) => each.attrs)
    }
    const startSec = Math.floor((h.nowMs - 60_000) / 1000)
    expect(ask(ALICE)).toEqual([
      {
        name: 'alice',
        role: 'participant',
        ban_status: 'clear',
        last_active: String(startSec),
        jid: `${ROOM}/alice`,
      },
      {
        name: 'Bob',
        role: 'participant',
        ban_status: 'clear',
        last_active: String(startSec + 60),
        jid: `${ROOM}/Bob`,
      },
      {
        name: 'Carol Lang',
        role: 'participant',
        ban_status: 'clear',
        last_active: String(startSec),
        jid: `${ROOM}/Carol Lang`,
      },
    ])
    h.send(BOSS, sent('join', { me: BOSS, nick: 'boss' }))
    const all = ask(BOSS) ?? []
    expect(all.find(({ name }) => name === 'Bob')?.jid).toBe(BOB)
    expect(all.filter(({ ban_status }) => ban_status === 'banned')).toMatchObject([
      { name: 'mallory', jid: 'mallory@example.org' },
    ])
    expect(all.find(({ name }) => name === 'ann')).toMatchObject({ role: 'admin', last_active: '0' })
    h.send('mallory@example.org/x', sent('members'))
    expect(errorOf(h.takeOne('mallory@example.org/x')).error).toBe('auth/forbidden')
  })

  test('has pictures that its owners set, and nothing but addresses of the web', () => {
    const h = together()
    h.send(ALICE, sent('pictures'))
    expect(errorOf(h.takeOne(ALICE)).error).toBe('auth/forbidden')
    h.send(BOSS, sent('pictures'))
    expect(h.takeOne(BOSS).attrs).toMatchObject({ type: 'result', id: 'setRoomImage' })
    expect([h.room.config.thumbnail, h.room.config.background]).toEqual([
      'https://pictures.example/cat.png',
      '',
    ])
    expect(h.saved).toHaveLength(1)
    h.send(BOSS, sent('pictures').replace('https://pictures', 'javascript://pictures'))
    expect(errorOf(h.takeOne(BOSS)).error).toBe('modify/bad-request')
    h.send(BOSS, sent('pictures').replace('https://pictures.example/cat.png', 'none'))
    expect(h.room.config.thumbnail).toBe('')
  })
})
