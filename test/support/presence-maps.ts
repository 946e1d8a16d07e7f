// Presence maps of any size, for the page that shows them.
import type { PresenceMap } from '../../src/gateway/status.ts'

const AT = '2026-11-22T10:00:00.000Z'
const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0')

/** One network whose lobbies all friends are in; each lobby has a room with `occupants`, every tenth by XMPP. */
export function largeMap(sizes: { rooms: number; occupants: number; friends: number }): PresenceMap {
  const numbers = (length: number): number[] => Array.from({ length }, (_, i) => i)
  const friends = numbers(sizes.friends).map((i) => ({
    id: hex(i, 32),
    name: `Friend ${i}`,
    online: true,
    since: AT,
    address: `192.0.2.${i % 250}:7812`,
    jid: `friend.${hex(i, 32)}@lobbies.localhost`,
    status: 'online',
    rttMs: 10 + i,
    clockOffsetMs: 5,
    version: 'RetroShare 0.6.7',
    avatar: null,
    ignored: false,
  }))
  const lobbies = numbers(sizes.rooms).map((i) => ({
    id: hex(i, 16),
    network: 'retroshare',
    name: `Lobby ${i}`,
    topic: `Topic ${i}`,
    joined: true,
    private: false,
    participants: sizes.occupants,
    room: `lobby-${i}.${hex(i, 16)}@lobbies.localhost`,
    friends: friends.map(({ id }) => id),
  }))
  return {
    at: AT,
    startedAt: '2026-11-22T06:30:00.000Z',
    version: '1.0.0',
    networks: [
      {
        id: 'retroshare',
        self: { id: 'f'.repeat(32), name: 'Foyer', address: '127.0.0.1:7812' },
        friends,
        lobbies,
        invitations: [],
        banned: [],
      },
    ],
    rooms: lobbies.map(({ id, name, room }, i) => ({
      jid: room,
      name,
      lobby: id,
      occupants: numbers(sizes.occupants).map((n) => ({
        side: n % 10 === 0 ? 'local' : 'remote',
        nick: `Nick ${n} of ${i}`,
        occupantId: `occupant-${i}-${n}`,
        identity: hex(n * 1000 + i, 32),
        since: AT,
        lastSeen: n % 10 === 0 ? null : AT,
        muted: false,
        away: false,
      })),
      gaps: { count: 0, latest: null, since: null },
      messagesByHour: numbers(25).map((hour) => (hour * (i + 3)) % 17),
    })),
    links: [],
    archive: { messages: 12345, bytes: 5_000_000 },
    diskFreeBytes: 2 ** 40,
    problems: [],
  }
}
