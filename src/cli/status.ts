/** `foyer status`: what the running gateway is doing. */
import { statusLines } from '../gateway/listings.ts'
import type { GatewayStatus } from '../gateway/status.ts'
import { ask, type Command, GATEWAY_OPTIONS, options } from './common.ts'

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
  for (const line of statusLines(status)) io.out(line)
  return 0
}
