/** A running embedded XMPP server for tests, with what it reported. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import type { Jid } from '../../src/stanza/jid.ts'
import { type Element, serialize } from '../../src/stanza/xml.ts'
import { isOriginAllowed, namesThisMachine } from '../../src/util/host-header.ts'
import type { ServerLimits } from '../../src/xmpp/limits.ts'
import { createXmppServer, type XmppServer, type XmppServerOptions } from '../../src/xmpp/server.ts'
import { MemoryAccounts } from './memory-accounts.ts'

export interface TestServer {
  readonly server: XmppServer
  readonly port: number
  /** 0 without certificate. */
  readonly directTlsPort: number
  readonly httpPort: number
  readonly accounts: MemoryAccounts
  /** What went to services and which sessions ended, in order, as text. */
  readonly reports: string[]
  /** Accounts whose sessions showed themselves as available, in order. */
  readonly available: string[]
  /** Resolves with the first report, from now on, that `matches`. */
  reported(matches: (report: string) => boolean): Promise<string>
  /** Called for each stanza to a service. */
  onStanza: (from: Jid, stanza: Element) => void
  close(): Promise<void>
}

export interface TestServerOptions
  extends Partial<
    Pick<XmppServerOptions, 'auth' | 'now' | 'tls' | 'isTlsRequired' | 'log' | 'upload' | 'registration'>
  > {
  readonly limits?: Partial<ServerLimits>
}

/** Domain `localhost`, service `lobbies.localhost`, accounts alice/wonder and bob/builder. */
export async function startXmppServer(options: TestServerOptions = {}): Promise<TestServer> {
  const accounts = await MemoryAccounts.with({ alice: 'wonder', bob: 'builder' })
  const reports: string[] = []
  const available: string[] = []
  const waiting: { matches: (report: string) => boolean; resolve: (report: string) => void }[] = []
  const report = (text: string): void => {
    reports.push(text)
    for (const wait of [...waiting])
      if (wait.matches(text)) {
        waiting.splice(waiting.indexOf(wait), 1)
        wait.resolve(text)
      }
  }
  const server = createXmppServer({
    domain: 'localhost',
    listen: { host: '127.0.0.1', port: 0 },
    directTls: options.tls ? { host: '127.0.0.1', port: 0 } : null,
    tls: options.tls ?? null,
    isTlsRequired: options.isTlsRequired ?? false,
    auth: options.auth ?? 'both',
    accounts,
    services: () => [{ jid: 'lobbies.localhost', name: 'Lobbies' }],
    upload: options.upload ?? null,
    registration: options.registration ?? null,
    version: '1.2.3',
    log: options.log ?? pino({ level: 'silent' }),
    now: options.now ?? Date.now,
    ...(options.limits && { limits: options.limits }),
    onStanza: (from, stanza) => {
      report(serialize(stanza))
      test.onStanza(from, stanza)
    },
    onSessionEnded: (full) => report(`ended ${full}`),
    onAvailable: (account) => available.push(account),
  })
  const { port, directTlsPort } = await server.start()
  const http: Server = createServer((_request, response) => response.end())
  server.attachWebSocket(http, {
    allowsHost: namesThisMachine,
    allowsOrigin: (origin, host) => isOriginAllowed(origin, host, ['https://friendly.example']),
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const test: TestServer = {
    server,
    port,
    directTlsPort: directTlsPort ?? 0,
    httpPort: (http.address() as AddressInfo).port,
    accounts,
    reports,
    available,
    reported: (matches) => new Promise((resolve) => waiting.push({ matches, resolve })),
    onStanza: () => {},
    close: async () => {
      await server.stop()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  return test
}
