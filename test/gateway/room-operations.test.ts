// Kicks and mutes by operators: who is meant, and what is said when nobody is.
import { expect, test } from 'vitest'
import { speakerId } from '../../src/bridge/to-lobby.ts'
import { whereabouts } from '../../src/cli/trace.ts'
import { addressesOf, occupantViews } from '../../src/gateway/occupant-views.ts'
import type { OperationContext } from '../../src/gateway/operations/operation.ts'
import { runOperation } from '../../src/gateway/operations/operations.ts'
import type { PresentView } from '../../src/gateway/status.ts'
import type { RoomEvent } from '../../src/muc/room-port.ts'
import { participant, RoomHarness } from '../muc/room-harness.ts'

const RITA = participant('rita')
const EVE = participant('eve')

function world() {
  const h = new RoomHarness()
  h.join('alice@example.org/a', 'Alice')
  h.step({ kind: 'remote-entered', occupant: { id: RITA, nick: 'Rita' } })
  // Takes the id of another for a nick.
  h.step({ kind: 'remote-entered', occupant: { id: EVE, nick: RITA } })
  let changes = 0
  const room = {
    occupants: () => occupantViews(h.room, []),
    present: () =>
      room
        .occupants()
        .map((each) => ({ ...each, room: 'cats@lobbies.example', addresses: addressesOf(h.room, each) })),
    dispatch: (event: RoomEvent) => h.step(event),
  }
  const context = {
    rooms: {
      row: (name: string) => (name === 'cats' ? { localpart: name } : undefined),
      roomAt: () => room,
      loaded: () => [room],
    },
    onChange: () => {
      changes += 1
    },
  } as unknown as OperationContext
  const run = (name: string, args: Record<string, string>) =>
    runOperation(context, name, { room: 'cats@lobbies.example', ...args })
  const shown = () => room.occupants().flatMap(({ nick, muted }) => (muted ? [] : [nick]))
  return { h, context, run, shown, changes: () => changes }
}

test('the identity of an XMPP user is found by the nick, also where the lobby has less of it', () => {
  const { h } = world()
  const member = (nick: string, account: string, id: string) => ({
    id: participant(id),
    nick: nick.slice(0, 3),
    sinceMs: 0,
    lastSeenMs: 0,
    speaker: speakerId(account, nick),
  })
  h.join('alicia@example.org/a', 'Alicia')
  const members = [
    member('Alice', 'alice@example.org', 'one'),
    member('Alicia', 'alicia@example.org', 'other'),
  ]
  expect(
    occupantViews(h.room, members).flatMap(({ side, nick, identity }) =>
      side === 'local' ? [[nick, identity]] : [],
    ),
  ).toEqual([
    ['Alice', participant('one')],
    ['Alicia', participant('other')],
  ])
})

test('an XMPP user is kicked by nick, and the map hears of it', async () => {
  const { run, shown, changes } = world()
  await run('room kick', { nick: 'Alice', reason: 'Enough' })
  expect(shown()).not.toContain('Alice')
  expect(changes()).toBe(1)
})

test('a participant is muted by nick or identity, and unmuted so', async () => {
  const { run, shown } = world()
  await run('room mute', { who: RITA.toUpperCase() })
  expect(shown()).toEqual(['Alice', RITA])
  await run('room unmute', { who: 'Rita' })
  await run('room mute', { who: 'Rita' })
  expect(shown()).toEqual(['Alice', RITA])
  await run('room unmute', { who: RITA })
  expect(shown()).toEqual(['Alice', RITA, 'Rita'])
})

test.each([
  ['room kick', { nick: 'Rita' }, 'NO_SUCH_OCCUPANT'],
  ['room kick', { nick: 'Nobody' }, 'NO_SUCH_OCCUPANT'],
  ['room mute', { who: 'Alice' }, 'NO_SUCH_OCCUPANT'],
  ['room unmute', { who: 'f'.repeat(32) }, 'NO_SUCH_OCCUPANT'],
  ['room unmute', { who: 'Rita' }, 'NO_SUCH_OCCUPANT'],
  ['room mute', { room: 'dogs', who: 'Rita' }, 'NO_SUCH_ROOM'],
  ['room kick', {}, 'ADMIN_REQUEST'],
])('%s of %j is refused: %s', async (name, args, code) => {
  await expect(world().run(name, args as Record<string, string>)).rejects.toMatchObject({ code })
})

test('whom the room has banned stays muted, and the operator is told so', async () => {
  const { h, run } = world()
  h.join('boss@example.org/x', 'Boss')
  h.send(
    'boss@example.org/x',
    '<iq type="set" id="ban"><query xmlns="http://jabber.org/protocol/muc#admin"><item nick="Rita" affiliation="outcast"/></query></iq>',
  )
  await expect(run('room unmute', { who: 'Rita' })).rejects.toMatchObject({ code: 'BANNED_IN_ROOM' })
})

test('an operator finds who is where by any part of room, nick, address or identity', async () => {
  const { context } = world()
  const who = async (word: string) =>
    ((await runOperation(context, 'room who', { word })) as PresentView[]).map(({ nick, addresses }) => [
      nick,
      ...addresses,
    ])
  expect(await who('')).toEqual([['Alice', 'alice@example.org/a'], ['Rita'], [RITA]])
  expect(await who('ALICE@')).toEqual([['Alice', 'alice@example.org/a']])
  expect(await who('alic')).toEqual([['Alice', 'alice@example.org/a']])
  expect(await who(EVE)).toEqual([[RITA]])
  expect(await who('cats@')).toHaveLength(3)
  expect(await who('dogs')).toEqual([])
})

test('a trace begins with where the user is, and says so when that is nowhere', async () => {
  const { context } = world()
  const present = (await runOperation(context, 'room who', {})) as PresentView[]
  const found = ['alice@example.org/a is in cats@lobbies.example as Alice']
  expect(whereabouts('alice@example.org', present)).toEqual(found)
  expect(whereabouts('alice@example.org/a', present)).toEqual(found)
  for (const other of ['alice@example.org/b', 'alice@example', 'lice@example.org'])
    expect(whereabouts(other, present)).toEqual([expect.stringContaining('in no room')])
})
