/** The embedded XMPP server as this gateway sets it up. */
import type { Logger } from 'pino'
import { type Config, isLoopback } from '../config.ts'
import { meantFor } from '../stanza/ethora.ts'
import { VERSION } from '../version.ts'
import { createXmppServer, type XmppServer, type XmppServerOptions } from '../xmpp/server.ts'

/** What the rest of the gateway has to do with it. */
export interface EmbeddedServerParts
  extends Pick<XmppServerOptions, 'accounts' | 'upload' | 'onStanza' | 'onSessionEnded' | 'onAvailable'> {
  readonly log: Logger
  /** Bare JIDs; their names cannot be registered by whoever comes. */
  admins(): readonly string[]
}

/** Null when it is turned off. */
export function createEmbeddedServer(
  { server, domain }: Config['xmpp'],
  parts: EmbeddedServerParts,
): XmppServer | null {
  if (!server) return null
  const { admins, ...wired } = parts
  return createXmppServer({
    ...server,
    ...wired,
    registration: server.registration
      ? { isReserved: (account) => admins().includes(`${account}@${server.domain}`) }
      : null,
    isTlsRequired: !isLoopback(server.listen.host),
    services: () => [{ jid: domain, name: 'Lobbies' }],
    version: VERSION,
    now: Date.now,
    meantFor: (stanza) => meantFor(stanza, domain),
  })
}
