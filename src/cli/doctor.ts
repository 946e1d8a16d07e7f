/** `foyer doctor`: looks at all that must be right around a gateway, running or not, and says how to mend what is not. */
import { lookup, resolveSrv } from 'node:dns/promises'
import { type Config, loadConfig } from '../config.ts'
import { GatewayError } from '../util/errors.ts'
import { type Command, configSource, GATEWAY_OPTIONS, options, plain } from './common.ts'
import type { Finding } from './doctor/finding.ts'
import {
  checkCertificate,
  checkData,
  checkDatabaseFile,
  checkDisk,
  checkSecrets,
  checkVersion,
} from './doctor/machine.ts'
import {
  checkDatabaseServer,
  checkFreePorts,
  checkHostServer,
  checkNames,
  checkOpenPorts,
  type Names,
} from './doctor/network.ts'
import { boundListeners, checkClock, checkFriends, checkRunning, runningGateway } from './doctor/running.ts'

const DNS: Names = {
  addresses: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  services: resolveSrv,
}

export const doctorCommand: Command = async (argv, io) => {
  const spec = { ...GATEWAY_OPTIONS, json: { type: 'boolean' } } as const
  const { values } = options(argv, spec, { min: 0, max: 0, names: '' })
  const findings = await examine(loadConfig(configSource(values, io)), io.env)
  if (values.json) io.out(JSON.stringify(findings))
  else for (const finding of findings) for (const line of linesOf(finding)) io.out(line)
  return findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0
}

/** All findings. `timeoutMs`: how long a gateway is waited for. */
export async function examine(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs?: number,
): Promise<Finding[]> {
  const answer = await runningGateway(config, timeoutMs)
  const status = answer instanceof GatewayError ? undefined : answer
  // Of a gateway that cannot be asked, nobody knows which ports and which link to the host server are its own.
  const isNone = answer === undefined
  return [
    checkVersion(),
    ...checkRunning(answer),
    ...(status ? await checkOpenPorts(boundListeners(config, status)) : []),
    ...(isNone ? [...(await checkFreePorts(config)), ...(await checkHostServer(config))] : []),
    ...checkCertificate(config, Date.now()),
    ...(status ? [...checkFriends(status), checkClock(status)] : []),
    ...(await checkNames(config, DNS)),
    ...checkDatabaseFile(config),
    ...(await checkDatabaseServer(config)),
    checkDisk(config),
    ...checkData(config),
    ...checkSecrets(env),
  ]
}

const linesOf = ({ check, verdict, text, mend }: Finding): string[] => [
  `${verdict.padEnd(4)}  ${check}: ${plain(text)}`,
  ...(mend === undefined ? [] : [`      ${plain(mend)}`]),
]
