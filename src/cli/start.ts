/** `foyer start`: the gateway, until it is told to stop. SIGHUP reads the configuration again, or says that the terminal is closed. */
import { resolve } from 'node:path'
import { isatty } from 'node:tty'
import type { Logger } from 'pino'
import { type Config, loadConfig } from '../config.ts'
import { compareConfigs } from '../gateway/reload.ts'
import { startGateway } from '../gateway.ts'
import { GatewayError } from '../util/errors.ts'
import { VERSION } from '../version.ts'
import { type Command, configSource, GATEWAY_OPTIONS, options } from './common.ts'
import { runUntilSignal } from './lifetime.ts'
import { createLogger } from './logger.ts'
import { createSupervisor } from './supervisor.ts'
import { commandLine, welcome } from './welcome.ts'

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
  process.on('SIGHUP', () => {
    if (isTerminalGone()) process.kill(process.pid, 'SIGTERM')
    else onReload()
  })

  return runUntilSignal(async () => {
    const gateway = await startGateway(config, log, setLevel)
    log.info({ version: VERSION, data: resolve(config.data), ports: gateway.ports }, 'ready')
    const supervisor = createSupervisor(io.env, () => gateway.problems())
    supervisor.ready()
    if (process.stdout.isTTY && !isTerminalGone())
      for (const line of welcome({
        config,
        ports: gateway.ports,
        invitations: [...gateway.networks.values()].map((network) => network.invite('short')),
        command: commandLine(process.argv[1] ?? 'foyer', config.data, process.cwd()),
      }))
        io.out(line)
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

/** Begun at a terminal that was closed since: whoever closed it wants an end, not another configuration. */
const isTerminalGone = (): boolean => process.stdout.isTTY && !isatty(process.stdout.fd)

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
