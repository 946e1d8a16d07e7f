// A lobby and its room: updates become events, effects become commands, and limits are told.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NickTable } from '../../src/bridge/nicks.ts'
import { networkPolicy, pacePolicy, speakerId, toLobby } from '../../src/bridge/to-lobby.ts'
import { describeLobby, type Pairing, toRoom as toRoomWith } from '../../src/bridge/to-room.ts'
import type { LobbyInfo, LobbyUpdate, ParticipantInfo } from '../../src/lobby/lobby.ts'
import type { ArchiveId, LobbyId, NetworkId, ParticipantId, SpeakerId } from '../../src/util/ids.ts'

const lobby = '00ab12cd34ef5678' as LobbyId
const A = 'a'.repeat(32) as ParticipantId
const B = 'b'.repeat(32) as ParticipantId
/** Without pictures. */
const toRoom = (pair: Pairing, update: LobbyUpdate) => toRoomWith(pair, update, () => undefined)
const pairing = (): Pairing => ({ lobby, nicks: new NickTable() })

const participant = (id: ParticipantId, nick: string, speaker: string | null = null): ParticipantInfo => ({
  id,
  nick,
  sinceMs: 1,
  lastSeenMs: 2,
  speaker: speaker as SpeakerId | null,
})
const entered = (id: ParticipantId, nick: string): LobbyUpdate => ({
  kind: 'entered',
  lobby,
  participant: participant(id, nick),
})
const said = (id: ParticipantId, nick: string, text: string): LobbyUpdate => ({
  kind: 'said',
  lobby,
  participant: id,
  nick,
  text,
  sentAtMs: 5,
  messageId: '12ab',
})

describe('to the room', () => {
  test('a participant enters, is renamed, types and leaves', () => {
    const pair = pairing()
    expect(toRoom(pair, entered(A, 'Ann'))).toEqual({
      events: [{ kind: 'remote-entered', occupant: { id: A, nick: 'Ann' } }],
      claims: [{ nick: 'Ann', participant: A }],
      pictures: [],
    })
    expect(toRoom(pair, entered(B, 'Ann')).events).toEqual([
      { kind: 'remote-entered', occupant: { id: B, nick: 'Ann (bbbb)' } },
    ])
    expect(toRoom(pair, { kind: 'typing', lobby, participant: B }).events).toEqual([
      { kind: 'remote-typing', id: B },
    ])
    expect(toRoom(pair, { kind: 'renamed', lobby, participant: B, nick: 'Bob' })).toEqual({
      events: [{ kind: 'remote-renamed', id: B, nick: 'Bob' }],
      claims: [{ nick: 'Bob', participant: B }],
      pictures: [],
    })
    expect(toRoom(pair, { kind: 'left', lobby, participant: B, reason: 'silent' }).events).toEqual([
      { kind: 'remote-left', id: B },
    ])
  })

  test('what is known already, or of nobody who is there, is no event', () => {
    const pair = pairing()
    toRoom(pair, entered(A, 'Ann'))
    const nothing: LobbyUpdate[] = [
      entered(A, 'Ann'),
      { kind: 'renamed', lobby, participant: A, nick: 'Ann' },
      { kind: 'left', lobby, participant: B, reason: 'left' },
      { kind: 'typing', lobby, participant: B },
      { kind: 'entered', lobby, participant: participant(B, 'Bob', 'bob@localhost/Bob') },
      { kind: 'lobby-vanished', lobby },
      { kind: 'speaking-as', lobby, speaker: 's' as SpeakerId, participant: B },
    ]
    for (const update of nothing)
      expect(toRoom(pair, update)).toEqual({ events: [], claims: [], pictures: [] })
  })

  test('a message is text under the nick of the room; its author may be unseen, and is not present then', () => {
    const pair = pairing()
    toRoom(pair, entered(A, 'Ann'))
    expect(toRoom(pair, said(A, 'ignored', '<p>a &amp; b</p>')).events).toEqual([
      {
        kind: 'remote-said',
        occupant: { id: A, nick: 'Ann' },
        body: 'a & b',
        files: [],
        sentAtMs: 5,
        networkId: '12ab',
      },
    ])
    expect(toRoom(pair, said(B, 'Ann', 'x')).events).toMatchObject([
      { occupant: { id: B, nick: 'Ann (bbbb)' } },
    ])
    expect(pair.nicks.isPresent(B)).toBe(false)
    expect(toRoom(pair, said(B, 'Ann', '<span> </span>'))).toEqual({ events: [], claims: [], pictures: [] })
  })

  test.each([
    ['LOBBY_TEXT_TOO_LARGE', 'modify', 'policy-violation'],
    ['LOBBY_TEXT_FORBIDDEN', 'modify', 'policy-violation'],
    ['LOBBY_BUSY', 'wait', 'resource-constraint'],
    ['LOBBY_NOT_JOINED', 'wait', 'remote-server-timeout'],
    ['LOBBY_SIGN_FAILED', 'wait', 'internal-server-error'],
  ])('a message that was not sent for %s is an error %s/%s', (code, type, condition) => {
    const speaker = speakerId('ann@localhost', 'Ann')
    expect(
      toRoom(pairing(), { kind: 'not-sent', lobby, speaker, ref: '17', code, text: 'why' }).events,
    ).toEqual([{ kind: 'not-sent', ref: '17', error: { type, condition, text: 'why' } }])
  })
})

describe('to the lobby', () => {
  const account = 'ann@localhost'
  const speaker = 'ann@localhost/Ann'
  const isKept = (who: string): boolean => who === account

  test('a local occupant enters, speaks, types, is renamed and leaves', () => {
    const pair = pairing()
    expect(toLobby(pair, { kind: 'local-entered', account, nick: 'Ann' }, isKept)).toEqual([
      { kind: 'enter', lobby, speaker, nick: 'Ann', isKept: true },
    ])
    expect(
      toLobby(
        pair,
        {
          kind: 'local-said',
          account,
          nick: 'Ann',
          body: 'a<b\n',
          manner: { kind: 'plain' },
          ref: '1' as ArchiveId,
        },
        isKept,
      ),
    ).toEqual([{ kind: 'say', lobby, speaker, text: 'a&lt;b', ref: '1' }])
    expect(toLobby(pair, { kind: 'local-typing', account, nick: 'Ann' }, isKept)).toEqual([
      { kind: 'typing', lobby, speaker },
    ])
    expect(toLobby(pair, { kind: 'local-renamed', account, oldNick: 'Ann', nick: 'Anna' }, isKept)).toEqual([
      { kind: 'exit', lobby, speaker },
      { kind: 'enter', lobby, speaker: 'ann@localhost/Anna', nick: 'Anna', isKept: true },
    ])
    expect(toLobby(pair, { kind: 'local-left', account, nick: 'Anna' }, isKept)).toEqual([
      { kind: 'exit', lobby, speaker: 'ann@localhost/Anna' },
    ])
  })

  test('a guest’s identity is not kept', () => {
    expect(
      toLobby(pairing(), { kind: 'local-entered', account: 'x@anon.localhost', nick: 'X' }, isKept),
    ).toMatchObject([{ isKept: false }])
  })

  test('nicks of local occupants are not given to participants, before and after a rename', () => {
    const pair = pairing()
    toLobby(pair, { kind: 'local-entered', account, nick: 'Ann' }, isKept)
    expect(toRoom(pair, entered(A, 'Ann')).events).toMatchObject([{ occupant: { nick: 'Ann (aaaa)' } }])
    toLobby(pair, { kind: 'local-renamed', account, oldNick: 'Ann', nick: 'Bob' }, isKept)
    expect(toRoom(pair, entered(B, 'Bob')).events).toMatchObject([{ occupant: { nick: 'Bob (bbbb)' } }])
    expect(toRoom(pair, entered(A, 'Ann')).events).toEqual([{ kind: 'remote-renamed', id: A, nick: 'Ann' }])
  })

  test('a subject becomes a topic of one line; what is not for the lobby is no command', () => {
    expect(toLobby(pairing(), { kind: 'subject-changed', subject: 'a\n b\u0007' }, isKept)).toEqual([
      { kind: 'set-topic', lobby, topic: 'a b' },
    ])
    expect(toLobby(pairing(), { kind: 'wake', atMs: 1 }, isKept)).toEqual([])
  })
})

describe('the policy of a network', () => {
  const policy = networkPolicy({
    maxPrivateTextBytes: 100,
    maxTextBytes: 20,
    maxNickChars: 5,
    maxNickBytes: 8,
  })

  test('a text is measured as it will be sent, and the refusal says limit and size', () => {
    expect(policy.refusesText('x'.repeat(20), { kind: 'plain' })).toBe(undefined)
    expect(policy.refusesText('x'.repeat(21), { kind: 'plain' })).toEqual({
      type: 'modify',
      condition: 'policy-violation',
      text: 'The lobby takes messages of up to 20 bytes; this one has 21.',
    })
    expect(policy.refusesText('<<<<<', { kind: 'plain' })).toBe(undefined)
    expect(policy.refusesText('<<<<<<', { kind: 'plain' })?.text).toContain('24')
    expect(policy.refusesText('üüüüüüüüüüü', { kind: 'plain' })?.text).toContain('22')
  })

  test('who has to wait is told for how long, in whole seconds', () => {
    const asked: string[] = []
    const admit = (speaker: string): number => {
      asked.push(speaker)
      return asked.length > 1 ? 7_001 : 0
    }
    const pace = pacePolicy({ admit, paceMs: () => 0 })
    expect(pace.admits('ann@example.org', 'Ann')).toBe(undefined)
    expect(pace.admits('ann@example.org', 'Ann')).toMatchObject({
      type: 'wait',
      condition: 'policy-violation',
      text: expect.stringContaining('in 8 s'),
    })
    expect(new Set(asked)).toEqual(new Set([speakerId('ann@example.org', 'Ann')]))
  })

  test('who may never speak in the lobby is told so, and not to wait', () => {
    const pace = pacePolicy({ admit: () => Number.POSITIVE_INFINITY, paceMs: () => 0 })
    expect(pace.admits('ann@example.org', 'Ann')).toMatchObject({ type: 'auth', condition: 'forbidden' })
  })

  test('a nick is cut between characters as people see them, and then fits', () => {
    expect(policy.fittingNick('Annie')).toBe('Annie')
    expect(policy.fittingNick('Annika')).toBe('Annik')
    expect(policy.fittingNick('Ann Marie')).toBe('Ann M')
    expect(policy.fittingNick('Anna Marie')).toBe('Anna')
    expect(policy.fittingNick('🦊🦊🦊')).toBe('🦊🦊')
    expect(policy.fittingNick('Zoe\u0308lie')).toBe('Zoe\u0308l')
    expect(policy.fittingNick('Annn\u0303\u0303')).toBe('Ann')
    expect(policy.fittingNick('👩‍👩‍👧‍👦')).toBe('👩‍')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (nick) => {
        const cut = policy.fittingNick(nick)
        expect(nick.startsWith(cut)).toBe(true)
        expect(policy.fittingNick(cut)).toBe(cut)
        expect([...cut].length).toBeLessThanOrEqual(5)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(8)
      }),
    )
  })

  test('a nick is refused for its characters, its bytes, or what RetroShare would make of it', () => {
    expect(policy.refusesNick('Annie')).toBe(undefined)
    expect(policy.refusesNick('🦊🦊')).toBe(undefined)
    expect(policy.refusesNick('Annika')).toMatchObject({ type: 'modify', condition: 'not-acceptable' })
    expect(policy.refusesNick('Annika')?.text).toContain('5 characters; this one has 6')
    expect(policy.refusesNick('🦊🦊🦊')?.text).toContain('8 bytes; this one has 12')
    expect(policy.refusesNick('<!E')?.text).toContain('drops')
  })
})

test('a room shows its lobby: name, topic, owners, and what a user must know', () => {
  const info: LobbyInfo = {
    id: lobby,
    network: 'retroshare' as NetworkId,
    name: 'Tea',
    topic: 'Cups',
    isPrivate: false,
    isSigned: false,
    isJoined: true,
    isHeard: true,
    isOwn: false,
    participants: 3,
  }
  const shown = describeLobby(info, { createdBy: 'ann@localhost', subject: 'Now' }, [
    'ann@localhost',
    'root@x',
  ])
  expect(shown).toMatchObject({
    name: 'Tea',
    description: 'Cups',
    isPublic: true,
    createdBy: 'ann@localhost',
    owners: ['ann@localhost', 'root@x'],
    subject: 'Now',
  })
  expect(shown.network).toMatch(/retroshare network, public.*history.*local/)
  const hidden = describeLobby(
    { ...info, isPrivate: true, isSigned: true },
    { createdBy: null, subject: '' },
    [],
  )
  expect(hidden).toMatchObject({ isPublic: false, owners: [] })
  expect(hidden.network).toMatch(/private.*linked to a profile/)
})
