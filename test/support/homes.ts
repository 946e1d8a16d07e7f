/** Where people with accounts are at home, with the rooms of a Foyer: its own server, or Prosody, whose component it is. */
import { randomUUID } from 'node:crypto'
import { TestCertificates } from './certificates.ts'
import { FoyerProcess } from './foyer-process.ts'
import type { Peer } from './peers.ts'
import { startProsody } from './prosody.ts'

const SERVICE = 'lobbies.localhost'

/** A server for `localhost` with STARTTLS. Everybody's password is "secret". */
export interface Home {
  readonly c2s: number
  /** HTTP port with the WebSocket for clients. */
  readonly webSocket: number
  /** HTTP port of Foyer's chat page, which is for users of its own server only. */
  readonly page?: number
  /** The certificate that vouches for the server's, PEM. */
  readonly root: string
  dispose(): Promise<void>
}

interface HomeRecipe {
  readonly peers: readonly Peer[]
  /** With accounts of these names. */
  start(names: readonly string[]): Promise<Home>
}

export const HOMES: Readonly<Record<"Foyer's own server" | 'Prosody', HomeRecipe>> = {
  "Foyer's own server": {
    peers: [],
    async start(names) {
      const certificates = new TestCertificates()
      const foyer = await FoyerProcess.start({
        FOYER_XMPP__SERVER__AUTH: 'accounts',
        FOYER_XMPP__SERVER__TLS__CERT: certificates.files.cert,
        FOYER_XMPP__SERVER__TLS__KEY: certificates.files.key,
      })
      await Promise.all(
        names.map((name) => foyer.cliWith('secret\n', 'user', 'add', name, '--password-stdin')),
      )
      return {
        c2s: foyer.ports.c2s,
        webSocket: foyer.ports.http,
        page: foyer.ports.http,
        root: certificates.root.certPem,
        async dispose() {
          await foyer.dispose()
          certificates.dispose()
        },
      }
    },
  },
  Prosody: {
    peers: ['prosody'],
    async start() {
      const certificates = new TestCertificates()
      const secret = randomUUID()
      const prosody = await startProsody({
        component: { domain: SERVICE, secret },
        tls: certificates.files,
        modules: ['bookmarks', 'private', 'smacks', 'websocket'],
      })
      const foyer = await FoyerProcess.start({
        FOYER_XMPP__SERVER: 'null',
        FOYER_XMPP__COMPONENT__PORT: String(prosody.ports.component),
        FOYER_XMPP__COMPONENT__SECRET: secret,
      })
      await foyer.logged('component linked')
      return {
        c2s: prosody.ports.c2s,
        webSocket: prosody.ports.http,
        root: certificates.root.certPem,
        async dispose() {
          await Promise.all([foyer.dispose(), prosody.dispose()])
          certificates.dispose()
        },
      }
    },
  },
}
