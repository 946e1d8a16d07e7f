/** What ties a login to the TLS connection that it is made on: RFC 5929 (tls-unique, tls-server-end-point), RFC 9266 (tls-exporter). */
import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** Channel bindings of a connection: name of the type → its data. The best first. */
export type ChannelBindings = ReadonlyMap<string, Uint8Array>

/**
 * What this connection has. The exporter only with TLS 1.3: before, its value can be the same on two connections
 * unless the master secret is extended (RFC 9266 §4.2), which cannot be asked for here.
 */
export function channelBindings(socket: TLSSocket, endPoint: Uint8Array | undefined): ChannelBindings {
  const bindings = new Map<string, Uint8Array>()
  if (socket.getProtocol() === 'TLSv1.3')
    bindings.set('tls-exporter', socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)))
  if (endPoint) bindings.set('tls-server-end-point', endPoint)
  const firstFinished = socket.isSessionReused() ? socket.getFinished() : socket.getPeerFinished()
  if (firstFinished) bindings.set('tls-unique', firstFinished)
  return bindings
}

/**
 * What of it is told to clients. TLS 1.3 leaves tls-unique undefined; there it is only accepted from clients that use
 * it unasked, with the same message of the handshake (slixmpp up to 1.8).
 */
export const offeredBindings = (bindings: ChannelBindings): readonly string[] =>
  [...bindings.keys()].filter((type) => type !== 'tls-unique' || !bindings.has('tls-exporter'))

/** Object identifiers of signature algorithms, in hex → the hash for the binding: MD5 and SHA-1 count as SHA-256. */
const HASHES: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010b': 'sha256', // sha256WithRSAEncryption
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040302': 'sha256', // ecdsa-with-SHA256
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}

/** The data of tls-server-end-point for a certificate in DER; undefined when its signature has no hash of its own. */
export function endPointBinding(certificate: Uint8Array): Uint8Array | undefined {
  const outer = contentOf(certificate, 0)
  const signed = contentOf(certificate, outer.from)
  const algorithm = contentOf(certificate, signed.to)
  const identifier = contentOf(certificate, algorithm.from)
  const hash = HASHES[Buffer.from(certificate.subarray(identifier.from, identifier.to)).toString('hex')]
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest()
}

/** Where the content of the DER element at `at` is. The certificate was read by the TLS library before. */
function contentOf(der: Uint8Array, at: number): { readonly from: number; readonly to: number } {
  const first = der[at + 1] ?? 0
  const lengthBytes = first < 0x80 ? 0 : first - 0x80
  const from = at + 2 + lengthBytes
  let length = lengthBytes === 0 ? first : 0
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + (der[at + 2 + i] ?? 0)
  return { from, to: from + length }
}
