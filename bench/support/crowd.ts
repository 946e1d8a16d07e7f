/** Rooms full of clients, at the gateway and at the floor. */
import { counter, inParallel, instantRoom, joinPresence, login, RawClient, together } from './client.ts'
import { sleep } from './figures.ts'
import { Load } from './load.ts'
import type { Foyer, ServerProcess } from './processes.ts'

const LOGINS_AT_A_TIME = 16
const JOINS_AT_A_TIME = 16

/** So many rooms with so many occupants each. */
export interface Shape {
  readonly rooms: number
  readonly occupants: number
}

/** Numbers from 0. */
export const range = (count: number): number[] => [...Array(count).keys()]

/** Bare JID of a room of the benchmark. */
export const roomJid = (room: number): string => `bench${room}@lobbies.localhost`

/** Guests, logged in and bound. */
export const logins = (port: number, count: number): Promise<RawClient[]> =>
  inParallel(range(count), LOGINS_AT_A_TIME, () => login(port))

/** The first client makes the room and accepts its default configuration. */
export async function makeRoom(client: RawClient, room: string): Promise<void> {
  await client.ask(joinPresence(room, 'n0'), /<status code="110"\/>.*<\/subject>|<subject\/>/s)
  await client.ask(instantRoom(room), /<iq [^>]*type="result"/)
}

/** Lets all clients join a new room. Resolves when every presence has come to everybody: n * n for n clients. */
export async function joinAll(clients: readonly RawClient[], room: string): Promise<void> {
  const [first, ...others] = clients
  if (!first) return
  await makeRoom(first, room)
  let presences = 1
  const counting = (): ReturnType<typeof counter> =>
    counter('<presence ', (count) => {
      presences += count
    })
  first.scanner = counting()
  await inParallel([...others.entries()], JOINS_AT_A_TIME, ([i, client]) => {
    const joined = new Promise<void>((resolve) => {
      client.scanner = together(
        counting(),
        counter('<status code="110"/>', () => resolve()),
      )
    })
    client.send(joinPresence(room, `n${i + 1}`))
    return joined
  })
  while (presences < clients.length ** 2) await sleep(2)
}

/** Load on full rooms of a gateway; its identities are made, so that nothing else uses CPU. */
export async function crowdAtFoyer({ server, port, whenIdentitiesMade }: Foyer, shape: Shape): Promise<Load> {
  const rooms: RawClient[][] = []
  for (const room of range(shape.rooms)) {
    const clients = await logins(port, shape.occupants)
    await joinAll(clients, roomJid(room))
    rooms.push(clients)
  }
  await whenIdentitiesMade()
  return new Load({
    server,
    rooms,
    message: (room, body) =>
      `<message to='${roomJid(room)}' type='groupchat' id='m'><body>${body}</body></message>`,
  })
}

/** The same at the floor, with messages of `bytes` bytes. */
export async function crowdAtFloor(
  { server, port }: { readonly server: ServerProcess; readonly port: number },
  shape: Shape,
  bytes: number,
): Promise<Load> {
  const rooms: RawClient[][] = []
  for (const room of range(shape.rooms))
    rooms.push(
      await inParallel(range(shape.occupants), LOGINS_AT_A_TIME, async () => {
        const client = await RawClient.connect(port)
        await client.ask(`${room}\n`, /joined\n/)
        return client
      }),
    )
  return new Load({ server, rooms, message: (_room, body) => `${body.padEnd(bytes - 1)}\n` })
}
