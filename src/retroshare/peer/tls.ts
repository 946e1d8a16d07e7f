/** TLS as RetroShare and Xeres speak it: both sides present certificates, which are judged afterwards. docs/retroshare.md §1.7. */
import { constants } from 'node:crypto'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { NodeIdentity } from '../identity/node-identity.ts'

/** RetroShare's list for TLS 1.2 (DHE with RSA), after the suites of TLS 1.3. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'kEDH+HIGH:!DSS:!aNULL:!3DES:!EXP',
].join(':')

/** Who we are and what we speak, in either role: TLS 1.3 or 1.2, no tickets, no renegotiation. */
export const tlsContext = (
  identity: Pick<NodeIdentity, 'tlsKeyPem' | 'tlsCertPem'>,
): SecureContextOptions => ({
  key: identity.tlsKeyPem,
  cert: identity.tlsCertPem,
  ciphers: CIPHERS,
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  dhparam: 'auto',
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
})

/**
 * Any certificate passes the TLS library, which cannot know these; `judgePeer` refuses before an item passes.
 * A certificate is asked for in both roles.
 */
export const ANY_CERTIFICATE = { requestCert: true, rejectUnauthorized: false } as const

/** The certificate that the peer proved to hold the key of; undefined when it sent none or resumed a session. */
export function peerCertificateOf(socket: TLSSocket): Uint8Array | undefined {
  return socket.isSessionReused() ? undefined : socket.getPeerX509Certificate()?.raw
}
