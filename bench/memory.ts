/** Claims: a session that is bound and in a room takes at most 8 KiB, a room without occupants at most 4 KiB. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../src/archive/open-store.ts'
import type { LobbyId, NetworkId } from '../src/util/ids.ts'
import { inParallel, joinPresence, type RawClient } from './support/client.ts'
import { joinAll, logins, makeRoom, range, roomJid } from './support/crowd.ts'
import { type Figure, short } from './support/figures.ts'
import { type Foyer, startFoyer } from './support/processes.ts'

/** The first ones fill caches and pools; what is told is the difference to these. */
const FIRST = 100
const SESSIONS = 400
const ROOMS = 900
const KNOWN_ROOMS = 20_000

interface Size {
  readonly heap: number
  readonly rss: number
}

async function sizeOf({ server }: Foyer): Promise<Size> {
  const { heapUsed, external } = await server.heap()
  return { heap: heapUsed + external, rss: server.rssBytes() }
}

function slope(what: string, [from, to]: readonly [Size, Size], count: number, target?: string): Figure {
  const kib = (bytes: number): string => `${short(bytes / 1024 / count)} KiB`
  return {
    what,
    value: `${kib(to.heap - from.heap)} (RSS ${kib(to.rss - from.rss)})`,
    ...(target === undefined ? {} : { target }),
  }
}

async function sessions(): Promise<Figure[]> {
  const foyer = await startFoyer()
  try {
    const warmUp = await logins(foyer.port, FIRST)
    await joinAll(warmUp, roomJid(0))
    await foyer.whenIdentitiesMade()
    const before = await sizeOf(foyer)
    const clients = await logins(foyer.port, SESSIONS)
    const bound = await sizeOf(foyer)
    await joinAll(clients, roomJid(1))
    await foyer.whenIdentitiesMade()
    const joined = await sizeOf(foyer)
    return [
      slope('memory of a session, bound', [before, bound], SESSIONS),
      slope('memory of a session, bound and in a room', [before, joined], SESSIONS, '<= 8 KiB'),
    ]
  } finally {
    await foyer.stop()
  }
}

async function visit(client: RawClient, room: string): Promise<void> {
  await makeRoom(client, room)
  await client.ask(`<presence type='unavailable' to='${room}/n0'/>`, /type="unavailable"/)
}

async function emptyRooms(): Promise<Figure> {
  const foyer = await startFoyer()
  try {
    const [client] = await logins(foyer.port, 1)
    if (!client) throw new Error('no client')
    // One room stays occupied, so that the visitor keeps its identity.
    await client.ask(joinPresence(roomJid(0), 'n0'), /<subject/)
    await foyer.whenIdentitiesMade()
    const enter = (numbers: readonly number[]) => inParallel(numbers, 1, (i) => visit(client, roomJid(1 + i)))
    await enter(range(50))
    const before = await sizeOf(foyer)
    await enter(range(ROOMS).map((i) => 50 + i))
    return slope('memory of a room, loaded, nobody in it', [before, await sizeOf(foyer)], ROOMS, '<= 4 KiB')
  } finally {
    await foyer.stop()
  }
}

/** A room in the table whose lobby is not joined. Restarting is the measure: with the rooms and without. */
async function knownRooms(): Promise<Figure[]> {
  const sizes: Size[] = []
  let startMs = 0
  for (const count of [0, KNOWN_ROOMS]) {
    const data = mkdtempSync(join(tmpdir(), 'foyer-bench-'))
    const store = openStore(join(data, 'foyer.db'))
    for (const i of range(count))
      await store.rooms.add({
        localpart: `lobby-${i}`,
        network: 'retroshare' as NetworkId,
        lobby: i.toString(16).padStart(16, '0') as LobbyId,
        name: `Lobby number ${i}`,
        createdBy: null,
        subject: 'What this lobby is about',
        createdAtMs: Date.now(),
      })
    await store.close()
    const foyer = await startFoyer({ data })
    sizes.push(await sizeOf(foyer))
    startMs = foyer.startMs
    await foyer.stop()
  }
  const [without, all] = sizes
  if (!without || !all) throw new Error('not measured')
  return [
    slope('memory of a room that is known, not loaded', [without, all], KNOWN_ROOMS, '<= 4 KiB'),
    {
      what: `first start with ${short(KNOWN_ROOMS)} rooms, until ready`,
      value: `${short(startMs / 1000)} s`,
    },
  ]
}

export async function memory(): Promise<Figure[]> {
  return [...(await sessions()), await emptyRooms(), ...(await knownRooms())]
}
