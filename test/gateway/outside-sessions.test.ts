// Sessions behind a host server that is gone: only they are out of the rooms, and are counted.
import { expect, test } from 'vitest'
import { OutsideSessions } from '../../src/gateway/outside-sessions.ts'
import type { RoomEvent } from '../../src/muc/room-port.ts'

test('all that are outside lose their places, and nobody else', () => {
  const events: RoomEvent[] = []
  const room = (...sessions: string[]) => ({
    sessions: () => sessions,
    dispatch: (event: RoomEvent) => events.push(event),
  })
  const rooms = {
    loaded: () => [room('ann@out/1', 'bob@in/1'), room('bob@in/1'), room('ann@out/1', 'cat@out/2')],
  }
  const outside = new OutsideSessions({
    rooms: rooms as unknown as ConstructorParameters<typeof OutsideSessions>[0]['rooms'],
    domain: 'lobbies.test',
    isOutside: (full) => full.includes('@out/'),
    send: () => undefined,
  })
  expect(outside.loseAll()).toBe(3)
  expect(events).toEqual([
    { kind: 'sessions-unreachable', sessions: ['ann@out/1'] },
    { kind: 'sessions-unreachable', sessions: ['ann@out/1', 'cat@out/2'] },
  ])
})
