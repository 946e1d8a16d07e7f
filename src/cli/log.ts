/** `foyer log level LEVEL`: how much the running gateway writes, until it is restarted or reads its configuration again. */
import { ask, type Command, GATEWAY_OPTIONS, noSuchVerb, options } from './common.ts'

export const logCommand: Command = async ([verb, ...argv], io) => {
  if (verb !== 'level') throw noSuchVerb('log', verb, ['level'])
  const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'LEVEL' })
  await ask(values, io, 'log level', { level: positionals[0] })
  return 0
}
