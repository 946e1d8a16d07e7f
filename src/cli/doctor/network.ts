/** Checks of ports, the host server, the database server, and names that others must find. */
import { connect, createServer } from 'node:net'
import { type Config, type Endpoint, isLoopback } from '../../config.ts'
import { PARSER_LIMITS, ReaderPool } from '../../stanza/parser.ts'
import { listenRefusal } from '../../util/refusal.ts'
import { COMPONENT_LIMITS, COMPONENT_TIMINGS } from '../../xmpp/component/limits.ts'
import { ComponentLink, type LinkEnd } from '../../xmpp/component/link.ts'
import { Turns } from '../../xmpp/turns.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** A connection that does not come about by then is taken for impossible. */
const DIAL_MS = 5_000

/** Key of the configuration → where is listened. */
export function listeners({ xmpp: { server }, http, retroshare }: Config): [key: string, Endpoint][] {
  return [
    ...(server ? [['xmpp.server.listen', server.listen] as [string, Endpoint]] : []),
    ...(server?.directTls ? [['xmpp.server.directTls', server.directTls] as [string, Endpoint]] : []),
    ['http.listen', http.listen],
    ...(retroshare ? [['retroshare.listen', retroshare.listen] as [string, Endpoint]] : []),
  ]
}

const shown = ({ host, port }: Endpoint): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** While no gateway runs: whether each port could be had. */
export async function checkFreePorts(config: Config): Promise<Finding[]> {
  return Promise.all(
    listeners(config).map(async ([key, endpoint]) => {
      const cause = await new Promise<Error | undefined>((resolve) => {
        const server = createServer()
        server.once('error', resolve)
        server.listen(endpoint.port, endpoint.host, () => server.close(() => resolve(undefined)))
      })
      if (!cause) return ok('ports', `${key}: ${shown(endpoint)} is free`)
      const { text, mend } = listenRefusal(key, endpoint, cause)
      return fail('ports', text, mend)
    }),
  )
}

/** While a gateway runs: whether each port answers. */
export async function checkOpenPorts(ports: readonly [key: string, Endpoint][]): Promise<Finding[]> {
  return Promise.all(
    ports.map(async ([key, endpoint]) => {
      const { host } = endpoint
      const reached = { ...endpoint, host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host }
      const problem = await dial(reached)
      return problem === undefined
        ? ok('ports', `${key}: ${shown(endpoint)} answers`)
        : fail(
            'ports',
            `${key}: ${shown(endpoint)} does not answer: ${problem}`,
            'look at the log; a firewall on this machine may be in the way',
          )
    }),
  )
}

/** While no gateway runs: the host server is asked with the secret of the configuration. */
export async function checkHostServer({ xmpp: { component, domain } }: Config): Promise<Finding[]> {
  if (!component) return []
  const readers = new ReaderPool({ ...PARSER_LIMITS, maxStanzaBytes: COMPONENT_LIMITS.maxStanzaCharacters })
  const timings = { ...COMPONENT_TIMINGS, handshakeMs: DIAL_MS }
  const end = await new Promise<LinkEnd | undefined>((resolve) => {
    const link = new ComponentLink(
      { address: { ...component, domain }, limits: COMPONENT_LIMITS, timings, turns: new Turns(), readers },
      {
        up: () => void link.close().then(() => resolve(undefined)),
        stanza: () => {},
        unreadable: () => {},
        down: resolve,
      },
    )
  })
  const at = `${shown(component)} for ${domain}`
  switch (end?.code) {
    case undefined:
      return [ok('host server', `${at}: takes the secret`)]
    case 'XMPP_COMPONENT_REFUSED':
      return [
        fail(
          'host server',
          `${at}: ${end?.detail}`,
          'put the same domain and secret into both configurations, and restart the host server',
        ),
      ]
    case 'XMPP_COMPONENT_CONFLICT':
      return [
        fail('host server', `${at}: ${end?.detail}`, 'end the other gateway that is linked with this domain'),
      ]
    default:
      return [
        fail(
          'host server',
          `${at}: ${end?.detail}`,
          'start the host server, and let it listen for components there: docs/operating.md',
        ),
      ]
  }
}

/** Whether the database server can be reached at all; its log-in is tried by a start only. */
export async function checkDatabaseServer({ archive: { location } }: Config): Promise<Finding[]> {
  if (location.kind !== 'postgres') return []
  const { host, port } = location.postgres
  const problem = await dial(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port })
  return [
    problem === undefined
      ? ok('database', `PostgreSQL on ${host}, port ${port}, answers`)
      : fail(
          'database',
          `PostgreSQL on ${host}, port ${port}: ${problem}`,
          'start it, or correct archive.url',
        ),
  ]
}

/** How names are looked up; rejects when there is no answer. */
export interface Names {
  addresses(name: string): Promise<readonly string[]>
  services(name: string): Promise<readonly { readonly name: string; readonly port: number }[]>
}

const isLocalName = (name: string): boolean =>
  isLoopback(name) ||
  /(?:^|\.)(?:localhost|local|test|invalid|example)$/.test(name) ||
  /^[\d.]+$|:/.test(name)

/** Names that clients, other servers and friends look up. Those that are of this machine only are passed over. */
export async function checkNames({ xmpp, retroshare }: Config, names: Names): Promise<Finding[]> {
  const findings: Finding[] = []
  const { server } = xmpp
  if (server && !isLoopback(server.listen.host) && !isLocalName(server.domain)) {
    const service = `_xmpp-client._tcp.${server.domain}`
    const [found] = await names.services(service).catch(() => [])
    if (found) findings.push(ok('DNS', `${service} leads to ${found.name}, port ${found.port}`))
    else if (server.listen.port !== 5222)
      findings.push(
        fail(
          'DNS',
          `${service} is not there, and the port is not 5222`,
          `add: ${service}. SRV 5 1 ${server.listen.port} ${server.domain}.`,
        ),
      )
    findings.push(await checkAddress(found?.name ?? server.domain, 'clients', names))
  }
  if (retroshare?.advertise && !isLocalName(retroshare.advertise.host))
    findings.push(await checkAddress(retroshare.advertise.host, 'friends', names))
  if (
    xmpp.component &&
    !isLocalName(xmpp.domain) &&
    (await names.addresses(xmpp.domain).catch(() => [])).length === 0
  )
    findings.push(
      warn(
        'DNS',
        `${xmpp.domain} has no address`,
        'add one if users of other servers shall come; users of the host server need none',
      ),
    )
  return findings
}

async function checkAddress(name: string, who: string, names: Names): Promise<Finding> {
  const [found] = await names.addresses(name).catch(() => [])
  return found === undefined
    ? fail('DNS', `${name} has no address: ${who} cannot find it`, `add an A or AAAA record for ${name}`)
    : ok('DNS', `${name} is ${found}; whether ${who} reach it cannot be told from here`)
}

/** Undefined when somebody takes the connection, else why not. */
function dial(to: { host: string; port: number } | { path: string }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(to)
    const done = (problem?: string): void => {
      socket.destroy()
      resolve(problem)
    }
    socket.setTimeout(DIAL_MS, () => done(`no answer within ${DIAL_MS / 1000} s`))
    socket.once('connect', () => done())
    socket.once('error', (error) => done(error.message))
  })
}
