/** X.509 certificates for tests: a root of our own, and servers that it vouches for. RFC 5280 §4. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DER, der } from '../../src/retroshare/identity/der.ts'
import { concat, utf8 } from '../../src/util/bytes.ts'

const ECDSA_SHA256 = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)
const COMMON_NAME = Uint8Array.of(0x55, 0x04, 0x03)
const SUBJECT_ALT_NAME = Uint8Array.of(0x55, 0x1d, 0x11)
const BASIC_CONSTRAINTS = Uint8Array.of(0x55, 0x1d, 0x13)
const OCTET_STRING = 0x04
const TRUE = der(0x01, Uint8Array.of(0xff))
const algorithm = der(DER.sequence, der(DER.oid, ECDSA_SHA256))

export interface Issued {
  readonly certPem: string
  readonly keyPem: string
  readonly key: KeyObject
  readonly name: string
}

const nameOf = (text: string): Uint8Array =>
  der(
    DER.sequence,
    der(DER.set, der(DER.sequence, der(DER.oid, COMMON_NAME), der(DER.utf8String, utf8(text)))),
  )
const time = (at: Date): Uint8Array =>
  der(DER.generalizedTime, utf8(`${at.toISOString().replace(/[-:T]|\..*/g, '')}Z`))
const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`

/** Without `issuer`, a root. `untilMs`: end of validity, in a year if left out. */
export function issue(name: string, issuer?: Issued, untilMs = Date.now() + 365 * 86_400_000): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const extension = issuer
    ? der(
        DER.sequence,
        der(DER.oid, SUBJECT_ALT_NAME),
        der(OCTET_STRING, der(DER.sequence, der(0x82, utf8(name)))),
      )
    : der(DER.sequence, der(DER.oid, BASIC_CONSTRAINTS), TRUE, der(OCTET_STRING, der(DER.sequence, TRUE)))
  const tbs = der(
    DER.sequence,
    der(DER.version, der(DER.integer, Uint8Array.of(2))),
    der(DER.integer, concat([Uint8Array.of(1), randomBytes(8)])),
    algorithm,
    nameOf(issuer?.name ?? name),
    der(DER.sequence, time(new Date(Date.now() - 3 * 86_400_000)), time(new Date(untilMs))),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(DER.sequence, extension)),
  )
  const signature = sign('sha256', tbs, issuer?.key ?? privateKey)
  const certificate = der(DER.sequence, tbs, algorithm, der(DER.bitString, Uint8Array.of(0), signature))
  return {
    certPem: pem('CERTIFICATE', certificate),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key: privateKey,
    name,
  }
}

/** A folder with `cert.pem`, `key.pem` and `root.pem`, made anew by `renew`. */
export class TestCertificates {
  readonly dir = mkdtempSync(join(tmpdir(), 'foyer-tls-'))
  readonly root = issue('Test root')
  readonly files = { cert: join(this.dir, 'cert.pem'), key: join(this.dir, 'key.pem') }

  constructor(domain = 'localhost') {
    writeFileSync(join(this.dir, 'root.pem'), this.root.certPem)
    this.renew(domain)
  }

  renew(domain = 'localhost', untilMs?: number): Issued {
    const issued = issue(domain, this.root, untilMs)
    writeFileSync(this.files.cert, issued.certPem + this.root.certPem)
    writeFileSync(this.files.key, issued.keyPem, { mode: 0o600 })
    return issued
  }

  dispose(): void {
    rmSync(this.dir, { recursive: true })
  }
}

/** SHA-256 of the certificate, as tls-server-end-point has it. */
export const endPointOf = ({ certPem }: Issued): Buffer =>
  createHash('sha256')
    .update(Buffer.from(certPem.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
    .digest()
