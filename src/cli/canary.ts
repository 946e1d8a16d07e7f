/** `foyer canary ROOM`: an ordinary user who says something and waits for it, once, or again and again with metrics. */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadConfig, parseEndpoint } from '../config.ts'
import { createCanaryMetrics } from '../ops/canary-metrics.ts'
import { parseJid } from '../stanza/jid.ts'
import { GatewayError } from '../util/errors.ts'
import { listenRefusal, refusalOf } from '../util/refusal.ts'
import { type CanaryEnd, type CanaryRound, flyCanary } from './canary/round.ts'
import { type Command, configSource, GATEWAY_OPTIONS, type Io, options, UsageError } from './common.ts'
import { runUntilSignal } from './lifetime.ts'

const TEXT = { type: 'string' } as const
const OPTIONS = {
  ...GATEWAY_OPTIONS,
  service: TEXT,
  account: TEXT,
  'password-file': TEXT,
  far: TEXT,
  'far-service': TEXT,
  'far-account': TEXT,
  'far-password-file': TEXT,
  every: TEXT,
  listen: TEXT,
  json: { type: 'boolean' },
} as const

export const canaryCommand: Command = async (argv, io) => {
  const { values, positionals } = options(argv, OPTIONS, { min: 1, max: 1, names: 'ROOM' })
  const { server } = loadConfig(configSource(values, io)).xmpp
  const near = endOf(positionals[0] ?? '', {
    service: values.service ?? (server ? `xmpp://${server.listen.host}:${server.listen.port}` : undefined),
    domain: server?.domain ?? 'localhost',
    account: values.account,
    passwordFile: values['password-file'],
  })
  const far =
    values.far === undefined
      ? null
      : endOf(values.far, {
          service: values['far-service'],
          domain: 'localhost',
          account: values['far-account'],
          passwordFile: values['far-password-file'],
        })
  const report = ({ roomSec, lobbySec }: CanaryRound): void =>
    io.out(
      values.json
        ? JSON.stringify({ roomSec, lobbySec })
        : `shown after ${roomSec.toFixed(3)} s` +
            (lobbySec === null ? '' : `, through the lobby and back after ${lobbySec.toFixed(3)} s`),
    )
  if (values.every === undefined) {
    if (values.listen !== undefined) throw new UsageError('--listen needs --every')
    report(await flyCanary(near, far))
    return 0
  }
  const listen = parseEndpoint(values.listen ?? '127.0.0.1:5281')
  if (!listen) throw new UsageError('--listen is host:port')
  return keepFlying({
    fly: () => flyCanary(near, far),
    everySec: secondsOf(values.every),
    listen,
    report,
    io,
  })
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400)
    throw new UsageError(`--every is seconds, from 1 to 86400, not ${text}`)
  return seconds
}

function endOf(
  room: string,
  given: {
    readonly service: string | undefined
    readonly domain: string
    readonly account: string | undefined
    readonly passwordFile: string | undefined
  },
): CanaryEnd {
  const { service, account, passwordFile } = given
  if (!parseJid(room)?.local) throw new UsageError(`expected the address of a room, not ${room}`)
  if (service === undefined || !/^xmpps?:\/\/./.test(service))
    throw new UsageError(
      'say where to log in: --service, and with --far also --far-service, is xmpp://HOST:PORT',
    )
  if (account === undefined) return { room, login: { service, domain: given.domain, account: null } }
  const jid = parseJid(account)
  const isGuest = jid?.full === jid?.domain && passwordFile === undefined
  if (jid && isGuest) return { room, login: { service, domain: jid.domain, account: null } }
  if (!jid?.local || passwordFile === undefined)
    throw new UsageError(
      'an account is a JID, and needs the file with its password; for a guest name the domain of the server alone',
    )
  const password = readPassword(passwordFile)
  return { room, login: { service, domain: jid.domain, account: { username: jid.local, password } } }
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd()
  } catch (cause) {
    throw new GatewayError('CANARY_FAILED', `${file}: ${refusalOf(cause)}`, { cause })
  }
}

interface Flight {
  readonly fly: () => Promise<CanaryRound>
  readonly everySec: number
  readonly listen: { readonly host: string; readonly port: number }
  readonly report: (round: CanaryRound) => void
  readonly io: Io
}

/** Rounds one after the other, never two at a time, until a signal comes. */
async function keepFlying({ fly, everySec, listen, report, io }: Flight): Promise<number> {
  const metrics = createCanaryMetrics()
  const server = createServer((_request, response) => {
    void metrics.render().then(({ contentType, text }) => {
      response.setHeader('Content-Type', contentType)
      response.end(text)
    })
  })
  let isFlying = false
  const round = async (): Promise<void> => {
    if (isFlying) return
    isFlying = true
    try {
      const came = await fly()
      metrics.came(came.roomSec, came.lobbySec)
      report(came)
    } catch (error) {
      metrics.failed()
      io.err(error instanceof Error ? error.message : String(error))
    }
    isFlying = false
  }
  return runUntilSignal(async () => {
    const { port } = await listening(server, listen)
    io.err(`metrics on http://${listen.host}:${port}/metrics, a round every ${everySec} s`)
    void round()
    const timer = setInterval(() => void round(), everySec * 1000)
    return async () => {
      clearInterval(timer)
      server.close()
      server.closeAllConnections()
    }
  })
}

function listening(server: Server, { host, port }: Flight['listen']): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new GatewayError('CANARY_FAILED', listenRefusal('--listen', { host, port }, cause).text, { cause }),
      ),
    )
    server.listen(port, host, () => resolve(server.address() as AddressInfo))
  })
}
