/** The PGP profile of a node: RSA key, detached signatures, and the keys of other profiles. docs/retroshare.md §1.1, §1.2. */
import {
  createMessage,
  config as defaults,
  enums,
  generateKey,
  type Key,
  PacketList,
  type PrivateKey,
  type PublicKey,
  readKey,
  readPrivateKey,
  readSignature,
  sign,
  type User,
} from 'openpgp'
import { GatewayError } from '../../util/errors.ts'
import { type DecodeFailure, fail, ok, type Result } from '../../util/result.ts'

/** Our own profile: the key that vouches for locations (TLS certificates) and for linked identities. */
export interface Profile {
  /** 40 upper-case hex digits. */
  readonly fingerprint: string
  /** The last 16 digits of the fingerprint. */
  readonly pgpId: string
  readonly name: string
  /** Minimal binary transferable public key: key, user id and one self-certification. */
  readonly publicKey: Uint8Array
  /** ASCII-armoured and not encrypted: it belongs into a file of mode 0600 and nowhere else. */
  readonly privateKeyArmored: string
  /**
   * Detached binary signature packet: v4, type 0x00, RSA, SHA-256, issuer in the hashed area.
   * Works in the thread pool.
   */
  sign(data: Uint8Array): Promise<Uint8Array>
}

/** The public key of a profile, own or foreign. */
export interface ProfileKey {
  /** 40 upper-case hex digits. */
  readonly fingerprint: string
  /** 16 upper-case hex digits. */
  readonly pgpId: string
  /** The user id without the mark of the program that made it. */
  readonly name: string
  /** Whether `signature` is a detached binary signature of `data` by this key. Never rejects. */
  verify(signature: Uint8Array, data: Uint8Array): Promise<boolean>
}

/** RSA bits of a new profile: Xeres' size; RetroShare takes any multiple of 1024. */
export const PROFILE_BITS = 3072
/** A transferable public key with more bytes is refused; real ones have one to four kilobytes. */
export const MAX_PROFILE_KEY_BYTES = 65_536
/** RSA sizes that are accepted in foreign profiles. */
export const PROFILE_KEY_BITS = { min: 1024, max: 8192 } as const
const MAX_NAME_BYTES = 100

/** Hashes that RetroShare verifies; it refuses all others. */
const HASHES: ReadonlySet<enums.hash> = new Set([enums.hash.sha1, enums.hash.sha256, enums.hash.sha512])
const RSA: ReadonlySet<enums.publicKey> = new Set([enums.publicKey.rsaEncryptSign, enums.publicKey.rsaSign])

/** Given with each call, so that the leniency towards old profiles stays here. */
const CONFIG = {
  ...defaults,
  preferredHashAlgorithm: enums.hash.sha256,
  rejectHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd]),
  rejectMessageHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd]),
  minRSABits: PROFILE_KEY_BITS.min,
  nonDeterministicSignaturesViaNotation: false,
}

/**
 * Makes a new RSA key with `name` as its user id, in the thread pool.
 * Rejects with `PROFILE_NAME_INVALID` for a name that user ids cannot carry (empty, over 100 bytes of UTF-8,
 * control characters, brackets).
 */
export async function createProfile(name: string, bits: number = PROFILE_BITS): Promise<Profile> {
  if (name.trim() === '' || Buffer.byteLength(name) > MAX_NAME_BYTES || /[\p{Cc}<>()]/u.test(name))
    throw new GatewayError(
      'PROFILE_NAME_INVALID',
      `a profile name has 1 to ${MAX_NAME_BYTES} bytes, no control characters and no brackets`,
    )
  const { privateKey } = await generateKey({
    type: 'rsa',
    rsaBits: bits,
    userIDs: [{ name }],
    subkeys: [],
    format: 'object',
    config: CONFIG,
  })
  return profileOf(privateKey)
}

/** The profile of an armoured private key. Rejects with `PROFILE_UNREADABLE`: no key, encrypted, not RSA. */
export async function loadProfile(armored: string): Promise<Profile> {
  try {
    const privateKey = await readPrivateKey({ armoredKey: armored, config: CONFIG })
    if (!privateKey.isDecrypted()) throw new Error('the private key is encrypted')
    const refused = await refusal(privateKey)
    if (refused) throw new Error(refused.detail)
    return profileOf(privateKey)
  } catch (cause) {
    throw new GatewayError('PROFILE_UNREADABLE', `expected an armoured RSA private key: ${reason(cause)}`, {
      cause,
    })
  }
}

function profileOf(privateKey: PrivateKey): Profile {
  const { fingerprint, pgpId, name } = names(privateKey)
  return {
    fingerprint,
    pgpId,
    name,
    publicKey: minimalKey(privateKey.toPublic()),
    privateKeyArmored: privateKey.armor(CONFIG),
    sign: async (data) => {
      const message = await createMessage({ binary: data })
      const options = { message, signingKeys: privateKey, detached: true, config: CONFIG } as const
      return await sign({ ...options, format: 'binary' })
    },
  }
}

function minimalKey(key: PublicKey): Uint8Array {
  const packets = new PacketList()
  packets.push(key.keyPacket)
  for (const user of key.users.slice(0, 1))
    if (user.userID) packets.push(user.userID, ...user.selfCertifications.slice(0, 1))
  return packets.write()
}

/**
 * Reads a binary transferable public key. Failures: `pgp-too-large`, `pgp-unreadable`, `pgp-not-rsa`, `pgp-key-size`,
 * `pgp-no-self-certification`. Expiry dates are not looked at, as in RetroShare; SHA-1 self-certifications pass.
 */
export async function readProfileKey(bytes: Uint8Array): Promise<Result<ProfileKey>> {
  if (bytes.length > MAX_PROFILE_KEY_BYTES)
    return failed('pgp-too-large', `${bytes.length} bytes, at most ${MAX_PROFILE_KEY_BYTES} are read`)
  let key: Key
  try {
    key = await readKey({ binaryKey: bytes, config: CONFIG })
  } catch (error) {
    return failed('pgp-unreadable', reason(error))
  }
  const refused = await refusal(key)
  if (refused) return fail(refused)
  return ok({
    ...names(key),
    verify: (signature: Uint8Array, data: Uint8Array) => verifyDetached(key, signature, data),
  })
}

async function refusal(key: Key): Promise<DecodeFailure | undefined> {
  const { bits = 0 } = key.getAlgorithmInfo()
  if (key.keyPacket.version !== 4 || !RSA.has(Number(key.keyPacket.algorithm)))
    return { code: 'pgp-not-rsa', offset: 0, detail: `expected a v4 RSA key, not ${algorithmName(key)}` }
  if (bits < PROFILE_KEY_BITS.min || bits > PROFILE_KEY_BITS.max)
    return { code: 'pgp-key-size', offset: 0, detail: `${bits} bits` }
  const [user] = key.users
  if (!user?.userID || !(await isCertified(user)))
    return { code: 'pgp-no-self-certification', offset: 0, detail: 'the user id is not certified by the key' }
  return undefined
}

/** Judged at the time of the certification itself: a peer's clock may be ahead of ours. */
async function isCertified(user: User): Promise<boolean> {
  try {
    return await user.verify(user.selfCertifications[0]?.created ?? undefined, CONFIG)
  } catch {
    return false
  }
}

async function verifyDetached(key: Key, signature: Uint8Array, data: Uint8Array): Promise<boolean> {
  try {
    const { packets } = await readSignature({ binarySignature: signature, config: CONFIG })
    const [packet, second] = packets
    if (!packet || second || packet.version !== 4 || packet.signatureType !== enums.signature.binary)
      return false
    if (packet.hashAlgorithm === null || !HASHES.has(packet.hashAlgorithm)) return false
    const [literal] = (await createMessage({ binary: data })).packets
    if (!literal) return false
    await packet.verify(
      key.keyPacket,
      enums.signature.binary,
      literal,
      packet.created ?? undefined,
      true,
      CONFIG,
    )
    return true
  } catch {
    return false
  }
}

const names = (key: Key): { fingerprint: string; pgpId: string; name: string } => {
  const fingerprint = key.getFingerprint().toUpperCase()
  const [userId = ''] = key.getUserIDs()
  return {
    fingerprint,
    pgpId: fingerprint.slice(-16),
    name: userId.replace(/( \([^()]*\))?( <[^<>]*>)?$/, ''),
  }
}

const algorithmName = (key: Key): string => `v${key.keyPacket.version} ${key.getAlgorithmInfo().algorithm}`
const failed = (code: string, detail: string): Result<never> => fail({ code, offset: 0, detail })
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
