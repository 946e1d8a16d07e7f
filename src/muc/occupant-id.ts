/** Occupant-ids: XEP-0421, keyed per room, the same for one account or participant whatever its nick. */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { toHex, utf8 } from '../util/bytes.ts'
import type { ParticipantId } from '../util/ids.ts'

const ID_BYTES = 16

const keyed = (key: Uint8Array, text: string): string =>
  toHex(hmac(sha256, key, utf8(text)).subarray(0, ID_BYTES))

/** Occupant-id of an XMPP account, given as bare JID. It does not tell the account. */
export const idOfAccount = (key: Uint8Array, account: string): string => keyed(key, `account ${account}`)

/** Occupant-id of a participant of the lobby. */
export const idOfParticipant = (key: Uint8Array, participant: ParticipantId): string =>
  keyed(key, `participant ${participant}`)
