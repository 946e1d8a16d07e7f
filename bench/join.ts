/** Claim: a presence of a join costs at most 12 us, however full the room is; n joins make n * n presences. */
import { joinAll, logins, roomJid } from './support/crowd.ts'
import { type Figure, short } from './support/figures.ts'
import { startFoyer } from './support/processes.ts'

/** `sizes`: occupants of the room. */
export async function join(sizes: readonly string[]): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const size of sizes.length > 0 ? sizes : ['500']) figures.push(...(await joinOf(Number(size))))
  return figures
}

async function joinOf(occupants: number): Promise<Figure[]> {
  const foyer = await startFoyer({ nodeArgs: process.env.BENCH_NODE_ARGS?.split(' ') ?? [] })
  try {
    const clients = await logins(foyer.port, occupants)
    const before = { cpu: foyer.server.cpu(), at: performance.now() }
    await joinAll(clients, roomJid(0))
    const after = { cpu: foyer.server.cpu(), at: performance.now() }
    await foyer.whenIdentitiesMade()
    const presences = occupants ** 2
    const settled = foyer.server.cpu()
    const keys = (settled.all - settled.main - after.cpu.all + after.cpu.main) * 1000
    const us = (seconds: number): string => `${short((1e6 * seconds) / presences)} us`
    return [
      {
        what: `join of ${occupants}: CPU a presence, main thread`,
        value: us(after.cpu.main - before.cpu.main),
        target: '<= 12 us',
      },
      {
        what: `join of ${occupants}: CPU a presence, with key making`,
        value: us(after.cpu.all - before.cpu.all),
      },
      {
        what: `join of ${occupants}: until all presences came`,
        value: `${short((after.at - before.at) / 1000)} s`,
      },
      {
        what: `join of ${occupants}: then until all identities were made`,
        value: `${short((performance.now() - after.at) / 1000)} s, ${short(keys / 1000)} s of CPU`,
      },
    ]
  } finally {
    await foyer.stop()
  }
}
