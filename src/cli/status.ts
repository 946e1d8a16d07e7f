/** `foyer status`: what the running gateway is doing. */
import type { GatewayStatus } from '../gateway/status.ts'
import { ask, type Command, duration, GATEWAY_OPTIONS, options } from './common.ts'

export const statusCommand: Command = async (argv, io) => {
  const { values } = options(
    argv,
    { ...GATEWAY_OPTIONS, json: { type: 'boolean' } },
    { min: 0, max: 0, names: '' },
  )
  const status = (await ask(values, io, 'status')) as GatewayStatus
  if (values.json) {
    io.out(JSON.stringify(status))
    return 0
  }
  io.out(`Foyer ${status.version}, up ${duration(status.uptimeSec)}`)
  for (const [name, port] of Object.entries(status.ports)) io.out(`  listens: ${name} on port ${port}`)
  for (const network of status.networks)
    io.out(
      `  ${network.id}: ${network.friendsOnline} of ${network.friends} friends online, ` +
        `${network.lobbiesJoined} of ${network.lobbies} lobbies joined`,
    )
  io.out(`  rooms: ${status.rooms}, occupants: ${status.occupants}`)
  if (status.archive) io.out(`  archive: ${status.archive.messages} messages, ${status.archive.bytes} bytes`)
  io.out(`  history: ${status.gaps.ended} gaps, ${status.gaps.open} lobbies not heard now`)
  for (const problem of status.problems) io.out(`  PROBLEM: ${problem}`)
  return 0
}
