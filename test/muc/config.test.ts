// The configuration of a room: XEP-0045 §10.1 to §10.3 and §10.9, XEP-0004. What is submitted is stored, in force, and told.
import { describe, expect, test } from 'vitest'
import { CONFIG_FIELDS } from '../../src/muc/config-fields.ts'
import type { RoomSettings } from '../../src/muc/room-state.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { codes, errorOf, item, participant, ROOM, RoomHarness } from './room-harness.ts'

const BOSS = 'boss@example.org/desk'
const ALICE = 'alice@example.org/phone'
const BOB = 'bob@example.org/x'

function room(settings: RoomSettings = {}): RoomHarness {
  const h = new RoomHarness({ state: { settings, affiliations: [], tombstone: null, lobby: null } })
  h.join(BOSS, 'Boss')
  h.join(ALICE, 'Alice')
  h.clear()
  return h
}
const replyTo = (h: RoomHarness, from: string): Element => {
  const stanzas = h.take(from)
  const reply = stanzas.filter((stanza) => stanza.name === 'iq')
  const rest = stanzas.filter((stanza) => stanza.name !== 'iq')
  if (rest.length > 0) h.sent.set(from, rest)
  expect(reply).toHaveLength(1)
  return reply[0] as Element
}
const outcome = (reply: Element): string => (reply.attrs.type === 'result' ? 'result' : errorOf(reply).error)
const owner = (h: RoomHarness, from: string, inside: string, type = 'set'): Element => {
  h.send(from, `<iq type="${type}" id="o1"><query xmlns="${NS.mucOwner}">${inside}</query></iq>`)
  return replyTo(h, from)
}
const fieldXml = (name: string, values: readonly string[]): string =>
  `<field var="${name}">${values.map((value) => `<value>${value}</value>`).join('')}</field>`
const form = (
  fields: Readonly<Record<string, string | readonly string[]>>,
  formType: string = NS.mucRoomConfig,
) =>
  `<x xmlns="${NS.dataForms}" type="submit">${fieldXml('FORM_TYPE', [formType])}${Object.entries(fields)
    .map(([name, values]) => fieldXml(name, typeof values === 'string' ? [values] : values))
    .join('')}</x>`
const submit = (h: RoomHarness, fields: Readonly<Record<string, string | readonly string[]>>): string =>
  outcome(owner(h, BOSS, form(fields)))

describe('the form', () => {
  test('shows what is in force, each list with its choices', () => {
    const x = owner(room({ isModerated: true, maxUsers: 50 }), BOSS, '', 'get')
      .getChild('query', NS.mucOwner)
      ?.getChild('x', NS.dataForms)
    expect(x?.attrs.type).toBe('form')
    const fields = new Map(x?.getChildren('field').map((field) => [field.attrs.var, field]))
    const value = (name: string) =>
      fields
        .get(name)
        ?.getChildren('value')
        .map((each) => each.getText())
    expect(value('FORM_TYPE')).toEqual([NS.mucRoomConfig])
    expect(value('muc#roomconfig_roomname')).toEqual(['Cats'])
    expect(value('muc#roomconfig_moderatedroom')).toEqual(['1'])
    expect(value('muc#roomconfig_maxusers')).toEqual(['50'])
    expect(value('muc#roomconfig_presencebroadcast')).toEqual(['moderator', 'participant', 'visitor'])
    expect(value('foyer#lobby')).toEqual(['00000000000000aa'])
    expect(fields.get('foyer#signed')?.attrs.type).toBe('fixed')
    for (const field of fields.values())
      if (String(field.attrs.type).startsWith('list'))
        expect(field.getChildren('option').length).toBeGreaterThan(1)
  })

  test('as it was sent changes nothing when it comes back', () => {
    const h = room({ isModerated: true })
    const x = owner(h, BOSS, '', 'get').getChild('query')?.getChild('x') as Element
    const fields = Object.fromEntries(
      x
        .getChildren('field')
        .map((field) => [field.attrs.var, field.getChildren('value').map((v) => v.getText())]),
    )
    expect(submit(h, fields)).toBe('result')
    expect([h.saved, h.sent.size]).toEqual([[], 0])
  })

  test.each([
    ['for who is no owner', ALICE, 'get', '', 'auth/forbidden'],
    ['submitted by who is no owner', ALICE, 'set', form({}), 'auth/forbidden'],
    ['cancelled', BOSS, 'set', `<x xmlns="${NS.dataForms}" type="cancel"/>`, 'result'],
    ['empty', BOSS, 'set', `<x xmlns="${NS.dataForms}" type="submit"/>`, 'result'],
    ['with nothing but its type', BOSS, 'set', form({}), 'result'],
    [
      'of another type',
      BOSS,
      'set',
      form({ 'muc#roomconfig_roomname': 'x' }, 'urn:other'),
      'modify/bad-request',
    ],
    ['that is none', BOSS, 'set', '', 'modify/bad-request'],
    ['of type form', BOSS, 'set', `<x xmlns="${NS.dataForms}" type="form"/>`, 'modify/bad-request'],
    ['with a field that nobody knows', BOSS, 'set', form({ 'x#y': '1' }), 'result'],
  ])('%s: %s sends %s', (_case, from, type, inside, expected) => {
    expect(outcome(owner(room(), from, inside, type))).toBe(expected)
  })

  test.each([
    ['muc#roomconfig_moderatedroom', 'perhaps'],
    ['muc#roomconfig_roomname', ''],
    ['muc#roomconfig_roomname', 'x'.repeat(101)],
    ['muc#roomconfig_lang', 'not a language'],
    ['muc#roomconfig_maxusers', '-1'],
    ['muc#roomconfig_maxusers', '0'],
    ['muc#maxhistoryfetch', '101'],
    ['muc#roomconfig_whois', 'nobody'],
    ['muc#roomconfig_allowpm', 'sometimes'],
    ['muc#roomconfig_presencebroadcast', 'king'],
    ['muc#roomconfig_passwordprotectedroom', 'maybe'],
  ])('with %s as "%s" is refused, and the field named', (name, value) => {
    const h = room()
    const reply = owner(h, BOSS, form({ [name]: value }))
    expect(errorOf(reply)).toEqual({ error: 'modify/not-acceptable', by: ROOM, id: 'o1' })
    expect(reply.getChild('error')?.getChildText('text')).toContain(name)
    expect(h.saved).toEqual([])
  })

  test('asks for a password when the room shall have one', () => {
    const reply = owner(room(), BOSS, form({ 'muc#roomconfig_passwordprotectedroom': '1' }))
    expect(reply.getChild('error')?.getChildText('text')).toContain('muc#roomconfig_roomsecret')
  })

  test('names each field once', () => {
    expect(new Set(CONFIG_FIELDS.map(({ name }) => name)).size).toBe(CONFIG_FIELDS.length)
  })
})

describe('what is submitted', () => {
  test('is stored before it is in force, told and answered', () => {
    const h = room()
    h.saving = 'hold'
    h.send(
      BOSS,
      `<iq type="set" id="o1"><query xmlns="${NS.mucOwner}">${form({ 'muc#roomconfig_roomname': 'Dogs' })}</query></iq>`,
    )
    expect([h.sent.size, h.room.config.name]).toEqual([0, 'Cats'])
    h.finishSave('store')
    expect(h.saved).toMatchObject([{ write: { settings: { name: 'Dogs' } } }])
    expect([h.room.config.name, codes(h.takeOne(ALICE))]).toEqual(['Dogs', [104]])
    expect(outcome(replyTo(h, BOSS))).toBe('result')
  })

  test('is not in force when it cannot be stored', () => {
    const h = room()
    h.saving = 'fail'
    expect(submit(h, { 'muc#roomconfig_roomname': 'Dogs' })).toBe('wait/internal-server-error')
    expect(h.room.config.name).toBe('Cats')
  })

  test('goes on following the lobby where nothing was changed', () => {
    const h = room()
    submit(h, { 'muc#roomconfig_roomname': 'Cats', 'muc#roomconfig_moderatedroom': '1' })
    expect(h.saved[0]?.write.settings).toEqual({ isModerated: true })
    h.step({ kind: 'described', description: { ...h.room.description, name: 'Kittens' } })
    expect(h.room.config.name).toBe('Kittens')
  })

  test.each([
    ['muc#roomconfig_whois', 'anyone', [104, 172]],
    ['muc#roomconfig_enablelogging', '0', [104, 171]],
  ])('concerns privacy: %s as %s is told with %j', (name, value, expected) => {
    const h = room()
    submit(h, { [name]: value })
    expect(codes(h.takeOne(ALICE))).toEqual(expected)
  })

  test('as members-only puts out who is no member, with 322, and asks newcomers to register', () => {
    const h = room()
    submit(h, { 'muc#roomconfig_membersonly': '1' })
    const seen = h.take(ALICE).find((stanza) => stanza.name === 'presence') as Element
    expect([seen.attrs.type, codes(seen)]).toEqual(['unavailable', [110, 322]])
    h.join(BOB, 'Bob')
    expect(errorOf(h.takeOne(BOB)).error).toBe('auth/registration-required')
  })

  test('as moderated leaves voice to those inside, gives newcomers none, and all of them voice when it ends', () => {
    const h = room()
    submit(h, { 'muc#roomconfig_moderatedroom': '1' })
    h.join(BOB, 'Bob')
    h.clear()
    h.say(BOB, 'may I?')
    expect(errorOf(h.takeOne(BOB)).error).toBe('auth/forbidden')
    h.say(ALICE, 'you may not')
    expect(h.takeOne(BOB).getChildText('body')).toBe('you may not')
    submit(h, { 'muc#roomconfig_moderatedroom': '0' })
    expect(h.take(BOB).map((stanza) => item(stanza)?.role)).toContain('participant')
    h.say(BOB, 'thanks')
    expect(h.take(ALICE).at(-1)?.getChildText('body')).toBe('thanks')
  })

  test('as password asks everybody who comes for it', () => {
    const h = room()
    submit(h, { 'muc#roomconfig_passwordprotectedroom': '1', 'muc#roomconfig_roomsecret': 'mint' })
    const x = (password: string) =>
      `<presence to="${ROOM}/Bob" id="join"><x xmlns="${NS.muc}"><history maxstanzas="0"/>${password}</x></presence>`
    for (const wrong of ['', '<password>tea</password>']) {
      h.send(BOB, x(wrong))
      expect(errorOf(h.takeOne(BOB))).toEqual({ error: 'auth/not-authorized', by: ROOM, id: 'join' })
    }
    h.send(BOB, x('<password>mint</password>'))
    expect(h.room.occupants.has('Bob')).toBe(true)
  })

  test('as number of users keeps others out, owners and foreign participants not', () => {
    const h = room()
    submit(h, { 'muc#roomconfig_maxusers': '2' })
    h.clear()
    h.join(BOB, 'Bob')
    expect(errorOf(h.takeOne(BOB)).error).toBe('wait/service-unavailable')
    h.step({ kind: 'remote-entered', occupant: { id: participant('r'), nick: 'Rita' } })
    h.join('boss@example.org/phone', 'Chief')
    expect([...h.room.occupants.keys()]).toEqual(['Boss', 'Alice', 'Rita', 'Chief'])
  })

  test('as not logged keeps messages of both sides out of the archive', () => {
    const h = room({ isLogged: false })
    h.say(ALICE, 'secret')
    h.step({
      kind: 'remote-said',
      occupant: { id: participant('r'), nick: 'Rita' },
      body: 'secret too',
      files: [],
      sentAtMs: h.nowMs,
      networkId: '1',
    })
    expect(h.take(BOSS).map((stanza) => stanza.getChildText('body'))).toEqual(['secret', 'secret too'])
    expect(h.archive.entries).toEqual([])
    h.join(BOB, 'Bob')
    expect(h.take(BOB).flatMap(codes)).toEqual([110])
  })

  test('as everybody seeing addresses shows them, and says so to who enters', () => {
    const h = room({ whois: 'anyone' })
    h.join(BOB, 'Bob')
    expect(h.take(BOB).flatMap(codes)).toEqual([110, 100, 170])
    expect(item(h.takeOne(ALICE))?.jid).toBe(BOB)
  })

  test.each([
    ['anyone', true, true],
    ['participants', true, true],
    ['moderators', false, true],
    ['none', false, false],
  ])('as private messages for %s holds', (value, alice, boss) => {
    const h = room()
    submit(h, { 'muc#roomconfig_allowpm': value })
    h.clear()
    h.send(ALICE, `<message type="chat" id="p" to="${ROOM}/Boss"><body>hi</body></message>`)
    h.send(BOSS, `<message type="chat" id="p" to="${ROOM}/Alice"><body>hi</body></message>`)
    const hears = (full: string) => h.take(full).some((stanza) => stanza.attrs.type === 'chat')
    expect([hears(BOSS), hears(ALICE)]).toEqual([alice, boss])
  })

  test('as subject for everybody lets occupants set it', () => {
    const h = room({ canOccupantsSetSubject: true })
    h.send(ALICE, '<message type="groupchat" id="s"><subject>mice</subject></message>')
    expect(h.room.subject).toBe('mice')
  })

  test('as presence of moderators alone hides others, and shows them again', () => {
    const h = room()
    submit(h, { 'muc#roomconfig_presencebroadcast': ['moderator'] })
    const gone = h.take(BOSS).find((stanza) => stanza.name === 'presence')
    expect(gone?.attrs.from).toBe(`${ROOM}/Alice`)
    h.clear()
    h.join(BOB, 'Bob')
    expect(h.take(BOB).flatMap((stanza) => (stanza.name === 'presence' ? [stanza.attrs.from] : []))).toEqual([
      `${ROOM}/Boss`,
      `${ROOM}/Bob`,
    ])
    expect([h.take(BOSS), h.take(ALICE)]).toEqual([[], []])
    submit(h, { 'muc#roomconfig_presencebroadcast': ['moderator', 'participant'] })
    expect(h.take(ALICE).flatMap((stanza) => stanza.attrs.from)).toContain(`${ROOM}/Bob`)
  })

  test('is what disco#info tells', () => {
    const h = room({
      isMembersOnly: true,
      isModerated: true,
      isPublic: false,
      password: 'x',
      whois: 'anyone',
      isPersistent: false,
      lang: 'en',
      maxHistory: 7,
    })
    h.send(BOSS, `<iq type="get" id="d"><query xmlns="${NS.discoInfo}"/></iq>`)
    const query = h.takeOne(BOSS).getChild('query')
    const features = query?.getChildren('feature').map((feature) => feature.attrs.var)
    for (const name of [
      'muc_membersonly',
      'muc_moderated',
      'muc_hidden',
      'muc_passwordprotected',
      'muc_nonanonymous',
      'muc_temporary',
    ])
      expect(features).toContain(name)
    const value = (name: string) => query?.getChild('x')?.getChildByAttr('var', name)?.getChildText('value')
    expect([value('muc#roominfo_lang'), value('muc#maxhistoryfetch')]).toEqual(['en', '7'])
  })
})

describe('a new room', () => {
  const newRoom = (): RoomHarness => {
    const h = new RoomHarness({ isNew: true, description: { createdBy: 'alice@example.org' } })
    h.join(ALICE, 'Alice')
    return h
  }
  const take = `<iq type="set" id="o1"><query xmlns="${NS.mucOwner}"><x xmlns="${NS.dataForms}" type="submit"/></query></iq>`

  test('exists for nobody but its creator, and not in the network, until it is taken', () => {
    const h = newRoom()
    expect(codes(h.take(ALICE)[0] as Element)).toEqual([110, 170, 201])
    h.join(BOB, 'Bob')
    expect(errorOf(h.takeOne(BOB)).error).toBe('cancel/item-not-found')
    h.send(BOB, `<iq type="get" id="d"><query xmlns="${NS.discoInfo}"/></iq>`)
    expect(errorOf(h.takeOne(BOB)).error).toBe('cancel/item-not-found')
    expect([h.takeLobby(), h.saved]).toEqual([[], []])
    h.send(ALICE, take)
    expect(h.saved).toMatchObject([{ write: { lobby: { name: 'Cats', isPrivate: false, isSigned: false } } }])
    expect(h.takeLobby()).toEqual([{ kind: 'local-entered', account: 'alice@example.org', nick: 'Alice' }])
    h.join(BOB, 'Bob')
    expect(h.room.occupants.has('Bob')).toBe(true)
  })

  test('says by its form what the lobby shall be', () => {
    const h = newRoom()
    const fields = { 'muc#roomconfig_roomname': 'Den', 'foyer#private': '1', 'foyer#signed': '1' }
    h.send(ALICE, `<iq type="set" id="o1"><query xmlns="${NS.mucOwner}">${form(fields)}</query></iq>`)
    expect(h.saved).toMatchObject([
      { write: { settings: {}, lobby: { name: 'Den', isPrivate: true, isSigned: true } } },
    ])
  })

  test.each([
    ['for members only', { 'muc#roomconfig_membersonly': '1' }],
    ['hidden', { 'muc#roomconfig_publicroom': '0' }],
    [
      'under a password',
      { 'muc#roomconfig_passwordprotectedroom': '1', 'muc#roomconfig_roomsecret': 'sesame' },
    ],
  ])(
    'gets a private lobby when it is %s, though the form sends back that it shall be public',
    (_, fields) => {
      const h = newRoom()
      const sent = form({ ...fields, 'foyer#private': '0', 'foyer#signed': '0' })
      h.send(ALICE, `<iq type="set" id="o1"><query xmlns="${NS.mucOwner}">${sent}</query></iq>`)
      expect(h.saved).toMatchObject([{ write: { lobby: { isPrivate: true, isSigned: false } } }])
    },
  )

  test('with a password and a private lobby that nobody asked for lets in who knows the password', () => {
    const h = newRoom()
    const sent = form({ 'muc#roomconfig_passwordprotectedroom': '1', 'muc#roomconfig_roomsecret': 'sesame' })
    h.send(ALICE, `<iq type="set" id="o1"><query xmlns="${NS.mucOwner}">${sent}</query></iq>`)
    expect(h.saved).toMatchObject([
      { write: { settings: { password: 'sesame', isMembersOnly: false, isPublic: true } } },
    ])
  })

  test('is taken by who speaks in it, and what was said is said once it is there', () => {
    const h = newRoom()
    h.saving = 'hold'
    h.say(ALICE, 'first', 'm1')
    h.say(ALICE, 'second', 'm2')
    h.clear()
    h.finishSave('store')
    expect(h.take(ALICE).flatMap((stanza) => stanza.getChildText('body') ?? [])).toEqual(['first', 'second'])
    expect(h.takeLobby().map(({ kind }) => kind)).toEqual(['local-entered', 'local-said', 'local-said'])
  })

  test('that cannot be stored stays locked, and who took it is told', () => {
    const h = newRoom()
    h.saving = 'fail'
    h.say(ALICE, 'hello')
    expect(errorOf(h.take(ALICE).at(-1) as Element).error).toBe('wait/internal-server-error')
    expect([h.room.isLocked, h.takeLobby()]).toEqual([true, []])
  })

  test.each([
    ['leaves', (h: RoomHarness) => h.send(ALICE, `<presence type="unavailable" to="${ROOM}/Alice"/>`)],
    ['is cut off', (h: RoomHarness) => h.step({ kind: 'session-ended', session: ALICE })],
    ['cancels', (h: RoomHarness) => owner(h, ALICE, `<x xmlns="${NS.dataForms}" type="cancel"/>`)],
    ['destroys it', (h: RoomHarness) => owner(h, ALICE, '<destroy/>')],
  ])('is no more when its creator %s', (_how, act) => {
    const h = newRoom()
    act(h)
    expect(h.closed).toEqual([{ kind: 'closed', tombstone: null }])
    expect([h.saved, h.takeLobby()]).toEqual([[], []])
  })
})

describe('the end of a room', () => {
  const destroy = `<destroy jid="dogs@lobbies.example"><reason>moved</reason></destroy>`

  test('is stored, told to each occupant with the place to go to, and answered', () => {
    const h = room()
    expect(outcome(owner(h, BOSS, destroy))).toBe('result')
    const tombstone = { kind: 'destroyed', reason: 'moved', alternate: 'dogs@lobbies.example' }
    expect(h.saved).toMatchObject([{ write: { tombstone } }])
    expect(h.closed).toEqual([{ kind: 'closed', tombstone }])
    const seen = h.takeOne(ALICE)
    expect([seen.attrs.type, codes(seen), item(seen)?.role]).toEqual(['unavailable', [110], 'none'])
    const told = seen.getChild('x', NS.mucUser)?.getChild('destroy')
    expect([told?.attrs.jid, told?.getChildText('reason')]).toEqual(['dogs@lobbies.example', 'moved'])
    expect(h.takeLobby().map(({ kind }) => kind)).toEqual(['local-left', 'local-left'])
  })

  test('is for owners, and names an address if any', () => {
    expect(outcome(owner(room(), ALICE, destroy))).toBe('auth/forbidden')
    expect(outcome(owner(room(), BOSS, '<destroy jid="a@@b"/>'))).toBe('modify/jid-malformed')
  })

  test('that cannot be stored does not come', () => {
    const h = room()
    h.saving = 'fail'
    expect(outcome(owner(h, BOSS, destroy))).toBe('wait/internal-server-error')
    expect([h.closed, h.room.sessions.size]).toEqual([[], 2])
  })

  test('that cannot be stored when the last XMPP user leaves is tried again later, not in the same moment', () => {
    const h = room({ isPersistent: false })
    h.step({ kind: 'session-ended', session: ALICE })
    h.saving = 'fail'
    h.step({ kind: 'session-ended', session: BOSS })
    expect([h.saved.length, h.closed]).toEqual([1, []])
    h.saving = 'store'
    h.step({ kind: 'wake' })
    expect([h.saved.length, h.closed.length]).toEqual([2, 1])
  })

  test('does not come with the end of the service, whatever is heard from the lobby then', () => {
    const h = room({ isPersistent: false })
    h.step({ kind: 'shutdown' })
    h.step({ kind: 'remote-entered', occupant: { id: participant('r'), nick: 'Rita' } })
    expect([h.saved, h.closed]).toEqual([[], []])
  })

  test('comes when the last XMPP user leaves a room that is not meant to stay', () => {
    const h = room({ isPersistent: false })
    h.step({ kind: 'remote-entered', occupant: { id: participant('r'), nick: 'Rita' } })
    h.step({ kind: 'session-ended', session: BOSS })
    expect(h.closed).toEqual([])
    h.send(ALICE, `<presence type="unavailable" to="${ROOM}/Alice"/>`)
    expect(h.closed).toHaveLength(1)
    h.send(BOB, `<iq type="get" id="d"><query xmlns="${NS.discoInfo}"/></iq>`)
    expect(errorOf(h.takeOne(BOB)).error).toBe('cancel/item-not-found')
  })
})
