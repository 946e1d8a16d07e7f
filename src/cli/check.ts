/** `foyer check`: validates the configuration, certificate and key included, without starting anything. */
import { loadConfig } from '../config.ts'
import { loadTls } from '../xmpp/tls/server-tls.ts'
import { type Command, configSource, options } from './common.ts'

export const checkCommand: Command = async (argv, io) => {
  const { values } = options(argv, { config: { type: 'string' } }, { min: 0, max: 0, names: '' })
  const source = configSource(values, io)
  const { server } = loadConfig(source).xmpp
  if (server?.tls)
    for (const warning of loadTls(server.tls, server.domain, Date.now()).warnings) io.err(warning)
  io.out(`${source.file ?? 'the defaults'}: valid`)
  return 0
}
