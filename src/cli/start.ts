/** `foyer start`: the gateway, until it is told to stop. SIGHUP reads the configuration again. */
import { resolve } from 'node:path'
import type { Logger } from 'pino'
import { type Config, isLoopback, loadConfig } from '../config.ts'
import { compareConfigs } from '../gateway/reload.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { GatewayError } from '../util/errors.ts'
import { VERSION } from '../version.ts'
import { type Command, configSource, GATEWAY_OPTIONS, options } from './common.ts'
import { runUntilSignal } from './lifetime.ts'
import { createLogger } from './logger.ts'
import { createSupervisor } from './supervisor.ts'

export const startCommand: Command = async (argv, io) => {
  const spec = { ...GATEWAY_OPTIONS, 'log-level': { type: 'string' } } as const
  const { values } = options(argv, spec, { min: 0, max: 0, names: '' })
  const level = values['log-level']
  const source = configSource(values, {
    ...io,
    env: level === undefined ? io.env : { ...io.env, FOYER_LOG__LEVEL: level },
  })
  const config = loadConfig(source)
  const { log, setLevel } = createLogger(config.log.level)
  let isReloadDue = false
  let onReload = (): void => {
    isReloadDue = true
  }
  process.on('SIGHUP', () => onReload())

  return runUntilSignal(async () => {
    const gateway = await startGateway(config, log, setLevel)
    log.info({ version: VERSION, data: resolve(config.data), ports: gateway.ports }, 'ready')
    const supervisor = createSupervisor(io.env, () => gateway.problems())
    supervisor.ready()
    if (process.stdout.isTTY) for (const line of welcome(config, gateway)) io.out(line)
    let current = config
    onReload = () => {
      const fresh = readAgain(() => loadConfig(source), log)
      if (!fresh) return
      setLevel(fresh.log.level)
      gateway.reconfigure(fresh)
      log.info(compareConfigs(config, current, fresh), 'configuration read again')
      current = fresh
    }
    if (isReloadDue) onReload()
    return async () => {
      log.info('stopping')
      supervisor.stopping()
      await gateway.stop()
      log.info('stopped')
    }
  })
}

/** Undefined when the new configuration is bad: the old one stays, and the log says why. */
function readAgain(load: () => Config, log: Logger): Config | undefined {
  try {
    return load()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    log.error({ code: error.code, reason: error.message }, 'new configuration refused, the old one stays')
    return undefined
  }
}

/** What to do next, for whoever started this at a terminal. */
function welcome(config: Config, gateway: Gateway): string[] {
  const { server, component } = config.xmpp
  const { c2s, http } = gateway.ports
  return [
    '',
    ...(server
      ? [
          `  Browser       http://127.0.0.1:${http}/chat/`,
          `  XMPP client   server 127.0.0.1 port ${c2s}, domain ${server.domain}, ${server.tls ? 'TLS' : 'no TLS'}, ` +
            (server.auth === 'accounts' ? 'accounts made with `foyer user add NAME`' : 'anonymous login'),
        ]
      : []),
    ...(component ? [`  Host server   ${component.host} port ${component.port}`] : []),
    `  Rooms         at ${config.xmpp.domain}`,
    `  Who is where  http://127.0.0.1:${http}/`,
    ...[...gateway.networks.values()].map((network) => `  Invitation    ${network.invite('short')}`),
    '  Friends       give them this invitation, and take theirs with `foyer friend add INVITE`',
    ...(config.retroshare && isLoopback(config.retroshare.listen.host)
      ? [
          '  From outside  nobody reaches this yet. For friends, start with FOYER_RETROSHARE__LISTEN=0.0.0.0:7812 and',
          '                FOYER_RETROSHARE__ADVERTISE=YOUR.HOST:7812; for XMPP clients see docs/operating.md, TLS',
        ]
      : []),
    '  All well?     `foyer status`, and `foyer doctor` says how to mend what is not',
    '',
  ]
}
