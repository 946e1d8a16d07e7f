/** Who this node is: profile, location and TLS key, made at the first start and kept in one file. docs/retroshare.md §1. */
import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { GatewayError } from '../../util/errors.ts'
import type { FriendId } from '../../util/ids.ts'
import { refusalOf } from '../../util/refusal.ts'
import { issueCertificate, readCertificate, verifyCertificate } from './certificate.ts'
import { makePrivateFolder, replaceFile } from './private-file.ts'
import { createProfile, loadProfile, PROFILE_BITS, type Profile, readProfileKey } from './profile.ts'

/** What a node is known by. */
export interface NodeIdentity {
  readonly profile: Profile
  /** Name of the location. */
  readonly location: string
  readonly sslId: FriendId
  readonly certificateDer: Uint8Array
  /** PKCS#8, not encrypted. */
  readonly tlsKeyPem: string
  readonly tlsCertPem: string
}

/** Name of the file in the node's folder; mode 0600, its keys are not encrypted. */
export const NODE_IDENTITY_FILE = 'node-identity.json'

/** RSA because TLS 1.2 peers speak DHE-RSA only; 2048 bits because they are enough for TLS and quick to make. */
const TLS_KEY_BITS = 2048

const schema = z.strictObject({
  location: z.string().min(1),
  profile: z.string(),
  tlsKey: z.string(),
  tlsCert: z.string(),
})

/**
 * The identity kept in `dir`, or a new one named `name` when there is none yet; then it is on the disk before this
 * resolves. Rejects with `IDENTITY_UNREADABLE` (the file is there, but not whole or not consistent: nothing is
 * overwritten), `IDENTITY_NOT_WRITABLE` or `PROFILE_NAME_INVALID`. `onNew`: it is a new one.
 */
export async function loadOrCreateNodeIdentity(
  dir: string,
  name: string,
  options: { readonly profileBits?: number; readonly onNew?: () => void } = {},
): Promise<NodeIdentity> {
  const path = join(dir, NODE_IDENTITY_FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path, cause)
    const made = await createNodeIdentity(path, dir, name, options.profileBits ?? PROFILE_BITS)
    options.onNew?.()
    return made
  }
  try {
    return await parseNodeIdentity(text)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

async function createNodeIdentity(
  path: string,
  dir: string,
  name: string,
  profileBits: number,
): Promise<NodeIdentity> {
  const [profile, tls] = await Promise.all([createProfile(name, profileBits), makeTlsKey()])
  const certificateDer = await issueCertificate(profile, spki(tls.publicKey))
  const tlsKeyPem = tls.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const identity = { profile, location: name, certificateDer, tlsKeyPem, tlsCertPem: pem(certificateDer) }
  const kept: z.infer<typeof schema> = {
    location: identity.location,
    profile: profile.privateKeyArmored,
    tlsKey: tlsKeyPem,
    tlsCert: identity.tlsCertPem,
  }
  try {
    await makePrivateFolder(dir)
    await replaceFile(path, `${JSON.stringify(kept, null, 2)}\n`, true)
  } catch (cause) {
    throw new GatewayError('IDENTITY_NOT_WRITABLE', `${path}: ${refusalOf(cause)}`, { cause })
  }
  return { ...identity, sslId: await checkedSslId(identity) }
}

/** The identity in the text of such a file; rejects, with words for the operator, when it is not whole or not consistent. */
export async function parseNodeIdentity(text: string): Promise<NodeIdentity> {
  const parsed = schema.safeParse(JSON.parse(text))
  if (!parsed.success) throw new Error(`it has ${Object.keys(schema.shape).join(', ')}, and nothing else`)
  const kept = parsed.data
  const identity = {
    profile: await loadProfile(kept.profile),
    location: kept.location,
    certificateDer: new Uint8Array(new X509Certificate(kept.tlsCert).raw),
    tlsKeyPem: kept.tlsKey,
    tlsCertPem: kept.tlsCert,
  }
  return { ...identity, sslId: await checkedSslId(identity) }
}

/** The location id of a certificate that belongs to the TLS key and was signed by the profile; throws otherwise. */
async function checkedSslId(identity: Omit<NodeIdentity, 'sslId'>): Promise<FriendId> {
  const certificate = readCertificate(identity.certificateDer)
  if (!certificate.ok) throw new Error(`certificate: ${certificate.error.detail}`)
  if (!new X509Certificate(identity.tlsCertPem).checkPrivateKey(createPrivateKey(identity.tlsKeyPem)))
    throw new Error('the certificate is not for the TLS key')
  const key = await readProfileKey(identity.profile.publicKey)
  if (!key.ok || !(await verifyCertificate(certificate.value, key.value)))
    throw new Error('the certificate is not signed by the profile')
  return certificate.value.sslId
}

const makeTlsKey = (): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> =>
  promisify(generateKeyPair)('rsa', { modulusLength: TLS_KEY_BITS })

const spki = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' })

const pem = (der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

const unreadable = (path: string, cause: unknown): GatewayError =>
  new GatewayError(
    'IDENTITY_UNREADABLE',
    `${path}: expected the identity of this node: ${refusalOf(cause)}: restore it from a backup, as without it this would be another node`,
    { cause },
  )
