/** `foyer check`: validates the configuration without starting anything. */
import { loadConfig } from '../config.ts'
import { type Command, configSource, options } from './common.ts'

export const checkCommand: Command = async (argv, io) => {
  const { values } = options(argv, { config: { type: 'string' } }, { min: 0, max: 0, names: '' })
  const source = configSource(values, io)
  loadConfig(source)
  io.out(`${source.file ?? 'the defaults'}: valid`)
  return 0
}
