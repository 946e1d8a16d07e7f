/** The server's certificate and key: read from files, judged, and read again while the server runs. RFC 6120 §5, §13.7. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import { GatewayError } from '../../util/errors.ts'
import { refusalOf } from '../../util/refusal.ts'
import { type ChannelBindings, channelBindings, endPointBinding } from './channel-binding.ts'

/** Paths of PEM files: the certificate with those that lead to its root, and its private key. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** What a connection is secured with. */
interface TlsIdentity {
  readonly context: SecureContext
  readonly endPoint: Uint8Array | undefined
  /** When the certificate ends, in ms since 1970. */
  readonly untilMs: number
}

/** What a read of the files gave. */
interface Loaded extends TlsIdentity {
  /** What an operator should know: what clients may refuse, or others may read. */
  readonly warnings: readonly string[]
}

/** A socket that is being secured. */
export interface SecuredSocket {
  readonly socket: TLSSocket
  /** To be called when it is secure. */
  readonly bindings: () => ChannelBindings
}

/** Protocol of XMPP clients that begin with TLS at once (XEP-0368 §3). */
const ALPN = 'xmpp-client'
const NEAR_MS = 14 * 86_400_000

/** One per server. */
export class ServerTls {
  readonly #domain: string
  readonly #log: Logger
  readonly #now: () => number
  #identity: TlsIdentity

  /** Reads the files. Throws `XMPP_TLS_UNUSABLE`, with the key of the configuration and the cause. */
  constructor(files: TlsFiles, domain: string, log: Logger, now: () => number) {
    this.#domain = domain
    this.#log = log
    this.#now = now
    this.#identity = this.#load(files)
  }

  /** When the certificate in use ends, in ms since 1970. */
  get untilMs(): number {
    return this.#identity.untilMs
  }

  /** Reads the files again: new connections get what is in them. If they cannot be used, the old ones stay. */
  reload(files: TlsFiles): void {
    try {
      this.#identity = this.#load(files)
      const until = new Date(this.untilMs).toISOString()
      this.#log.info({ cert: files.cert, until }, 'certificate read again')
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      this.#log.error({ code: error.code, reason: error.message }, 'certificate refused, the old one stays')
    }
  }

  /** Begins TLS on a socket on which nothing but the client's hello is to come. `isDirect`: without STARTTLS. */
  secure(plain: Socket, isDirect: boolean): SecuredSocket {
    const { context, endPoint } = this.#identity
    const socket = new TLSSocket(plain, {
      isServer: true,
      secureContext: context,
      ...(isDirect && { ALPNProtocols: [ALPN] }),
    })
    return { socket, bindings: () => channelBindings(socket, endPoint) }
  }

  #load(files: TlsFiles): TlsIdentity {
    const loaded = loadTls(files, this.#domain, this.#now())
    for (const warning of loaded.warnings) this.#log.warn({ code: 'XMPP_TLS_DOUBTFUL' }, warning)
    return loaded
  }
}

/** Reads and judges the files. Throws `XMPP_TLS_UNUSABLE`. */
export function loadTls(files: TlsFiles, domain: string, nowMs: number): Loaded {
  const certPem = read('cert', files.cert)
  const keyPem = read('key', files.key)
  const certificate = attempt(
    'cert',
    `${files.cert} has no certificate in PEM`,
    () => new X509Certificate(certPem),
  )
  if (keyPem.includes('ENCRYPTED'))
    throw unusable('key', `${files.key} has a password: \`openssl pkey -in FILE -out NEW\` takes it away`)
  const key = attempt('key', `${files.key} has no private key in PEM`, () => createPrivateKey(keyPem))
  if (!certificate.checkPrivateKey(key))
    throw unusable(
      'key',
      `${files.key} is not the key of the certificate ${files.cert}: name two files that were made together`,
    )
  const context = attempt('cert', `${files.cert} cannot be used`, () =>
    createSecureContext({
      cert: certPem,
      key: keyPem,
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    }),
  )
  return {
    context,
    endPoint: endPointBinding(certificate.raw),
    untilMs: Date.parse(certificate.validTo),
    warnings: [...doubtsOf(certificate, domain, nowMs), ...doubtsOfKey(files.key)],
  }
}

function doubtsOf(certificate: X509Certificate, domain: string, nowMs: number): string[] {
  const doubts: string[] = []
  if (certificate.checkHost(domain) === undefined)
    doubts.push(
      `xmpp.server.tls.cert: the certificate is not for ${domain}: clients will refuse it; get one with that name, or set xmpp.server.domain`,
    )
  const untilMs = Date.parse(certificate.validTo)
  if (nowMs < Date.parse(certificate.validFrom))
    doubts.push(`xmpp.server.tls.cert: the certificate is valid from ${certificate.validFrom} only`)
  if (untilMs < nowMs)
    doubts.push(`xmpp.server.tls.cert: the certificate has expired: ${certificate.validTo}`)
  else if (untilMs < nowMs + NEAR_MS)
    doubts.push(`xmpp.server.tls.cert: the certificate expires soon: ${certificate.validTo}`)
  return doubts
}

/** Windows has no such permissions. */
function doubtsOfKey(path: string): string[] {
  const isOpen = process.platform !== 'win32' && (statSync(path).mode & 0o007) !== 0
  return isOpen ? [`xmpp.server.tls.key: every user of this machine can use ${path}: chmod o= it`] : []
}

function read(name: 'cert' | 'key', path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw unusable(name, `${path}: ${refusalOf(cause)}`, cause)
  }
}

function attempt<T>(name: 'cert' | 'key', problem: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    throw unusable(name, `${problem}: ${(cause as Error).message}`, cause)
  }
}

const unusable = (name: 'cert' | 'key', text: string, cause?: unknown): GatewayError =>
  new GatewayError('XMPP_TLS_UNUSABLE', `xmpp.server.tls.${name}: ${text}`, { cause })
