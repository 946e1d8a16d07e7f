/** `foyer invite`: this node's invitation for friends, alone on one line. */
import { ask, type Command, GATEWAY_OPTIONS, options } from './common.ts'

export const inviteCommand: Command = async (argv, io) => {
  const { values } = options(
    argv,
    { ...GATEWAY_OPTIONS, long: { type: 'boolean' } },
    { min: 0, max: 0, names: '' },
  )
  io.out(String(await ask(values, io, 'invite', { long: values.long === true })))
  return 0
}
