/** What to do next, for whoever started the gateway at a terminal: every address and command can be copied as it is. */
import { basename, relative, resolve } from 'node:path'
import { type Config, isLoopback } from '../config.ts'
import type { BoundPorts } from '../gateway/status.ts'
import type { AuthPolicy } from '../xmpp/sasl.ts'

export interface Started {
  readonly config: Config
  readonly ports: BoundPorts
  /** Of each network, in its short form. */
  readonly invitations: readonly string[]
  /** A command to this gateway, as it is typed: see `commandLine`. */
  readonly command: (words: string) => string
}

/**
 * How a command to this gateway is typed in `cwd`: begun as the gateway itself was by `program`, and with its data folder
 * unless that is the default one.
 */
export function commandLine(program: string, data: string, cwd: string): (words: string) => string {
  const way = relative(cwd, program)
  const start = program.endsWith('.js')
    ? `node ${inShell(way.startsWith('..') ? program : way)}`
    : basename(program)
  const options = data === resolve(cwd, 'data') ? '' : ` --data ${inShell(data)}`
  return (words) => `${start} ${words}${options}`
}

const inShell = (text: string): string =>
  /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** The lines of the welcome. */
export function welcome(started: Started): string[] {
  const { config, command } = started
  return [
    '',
    `  Foyer is ready. All its state is in ${config.data}. Ctrl-C ends it.`,
    '',
    ...chat(started),
    ...friends(started),
    ...outside(started),
    `  All well?   ${command('status')}`,
    `              ${command('doctor')}`,
    '',
  ]
}

const LOGINS: Readonly<Record<AuthPolicy, string>> = {
  anonymous: 'anonymous login; for accounts see docs/clients.md',
  accounts: 'with an account:',
  both: 'anonymous login, or with an account:',
}

function chat({ config: { http, xmpp }, ports, command }: Started): string[] {
  const { server, component } = xmpp
  const isLocal = isLoopback(http.listen.host)
  const page = http.publicUrl ?? `http://${reached(http.listen.host)}:${ports.http}`
  return [
    ...(server && isLocal ? [`  Chat        ${page}/chat/`] : []),
    ...(server
      ? [
          `  XMPP        server ${isLoopback(server.listen.host) ? server.listen.host : server.domain} port ${ports.c2s}, ` +
            `domain ${server.domain}, ${server.tls ? 'TLS' : 'no TLS'}, ` +
            LOGINS[server.auth],
          ...(server.auth === 'anonymous' ? [] : [`              ${command('user add NAME')}`]),
        ]
      : []),
    ...(component
      ? [`  Host server ${component.host} port ${component.port}: its users find the rooms there`]
      : []),
    `  Rooms       at ${xmpp.domain}`,
    `  Who is in   ${page}/${http.token === null ? '' : ' (asks for http.token)'}`,
    '',
  ]
}

/** What listens on all addresses is reached by the one of this machine. */
const reached = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host

function friends({ invitations, command }: Started): string[] {
  if (invitations.length === 0) return []
  return [
    '  Friends     Lobbies come from friends: nodes that have added each other. Give a friend this invitation,',
    ...invitations.map((invitation) => `              ${invitation}`),
    '              and add the one that you get:',
    `              ${command('friend add INVITATION')}`,
    `              A lobby of your own: ${command('lobby create NAME')}`,
    '',
  ]
}

function outside({ config: { retroshare, xmpp }, ports }: Started): string[] {
  const isNodeLocal = retroshare !== null && isLoopback(retroshare.listen.host)
  const isServerLocal = xmpp.server !== null && isLoopback(xmpp.server.listen.host)
  const { port } = retroshare?.listen ?? {}
  return [
    ...(isNodeLocal
      ? [
          '  Outside     Only this machine reaches this node. For friends elsewhere, open its TCP port and start it with',
          `              FOYER_RETROSHARE__LISTEN=0.0.0.0:${port || ports.retroshare} FOYER_RETROSHARE__ADVERTISE=YOUR.HOST:${port || ports.retroshare}`,
          '              It is enough that one of two friends can be reached.',
        ]
      : []),
    ...(isServerLocal
      ? ['              XMPP clients elsewhere need accounts and TLS: docs/operating.md#tls']
      : []),
    ...(isNodeLocal || isServerLocal ? [''] : []),
  ]
}
