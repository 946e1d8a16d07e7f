/** A scripted peer: plain TLS with any certificate, bytes in and out, no rules. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import type { NodeIdentity } from '../../../../src/retroshare/identity/node-identity.ts'
import type { Endpoint } from '../../../../src/retroshare/wire/invite.ts'

/** A certificate with its key, both PEM. */
export type Credentials = Pick<NodeIdentity, 'tlsKeyPem' | 'tlsCertPem'>

const CIPHERS_OF_RETROSHARE_1_2 = 'kEDH+HIGH:!DSS:!aNULL:!3DES:!EXP'

const context = (credentials: Credentials, maxVersion: 'TLSv1.2' | 'TLSv1.3'): SecureContextOptions => ({
  key: credentials.tlsKeyPem,
  cert: credentials.tlsCertPem,
  maxVersion,
  ...(maxVersion === 'TLSv1.2' && { ciphers: CIPHERS_OF_RETROSHARE_1_2, dhparam: 'auto' as const }),
})

/** One connection: what came, as chunks of TLS data. */
export interface RawLink {
  readonly socket: TLSSocket
  readonly chunks: Uint8Array[]
  /** All that came so far. */
  received(): Buffer
  /** Resolves when so many bytes came. */
  bytes(count: number): Promise<Buffer>
  readonly closed: Promise<void>
}

export function rawLink(socket: TLSSocket): RawLink {
  const chunks: Uint8Array[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  const received = (): Buffer => Buffer.concat(chunks)
  return {
    socket,
    chunks,
    received,
    bytes: async (count) => {
      while (received().length < count) await once(socket, 'data')
      return received()
    },
    closed: new Promise((resolve) => {
      socket.once('close', () => resolve())
    }),
  }
}

/** Dials a node; resolves when the handshake is over on this side. */
export async function rawDial(
  to: Endpoint,
  credentials: Credentials | undefined,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): Promise<RawLink> {
  const socket = connect({
    ...to,
    ...(credentials && context(credentials, maxVersion)),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  const link = rawLink(socket)
  await once(socket, 'secureConnect')
  return link
}

export interface RawListener {
  readonly address: Endpoint
  /** The next connection whose handshake is over. */
  accept(): Promise<RawLink>
  close(): void
}

export async function rawListen(
  credentials: Credentials,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): Promise<RawListener> {
  const server: Server = createServer({
    ...context(credentials, maxVersion),
    requestCert: true,
    rejectUnauthorized: false,
  })
  const ready: RawLink[] = []
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
  })
  server.on('secureConnection', (socket) => {
    ready.push(rawLink(socket))
    server.emit('ready')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: { host: '127.0.0.1', port: (server.address() as { port: number }).port },
    accept: async () => {
      while (ready.length === 0) await once(server, 'ready')
      return ready.shift() as RawLink
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
