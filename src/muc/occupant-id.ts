/** Occupant-ids: XEP-0421, keyed per room, the same for one account or participant whatever its nick. */
import type { ParticipantId } from '../util/ids.ts'
import { keyedHash } from './keyed-hash.ts'

/** Occupant-id of an XMPP account, given as bare JID. It does not tell the account. */
export const idOfAccount = (key: Uint8Array, account: string): string => keyedHash(key, `account ${account}`)

/** Occupant-id of a participant of the lobby. */
export const idOfParticipant = (key: Uint8Array, participant: ParticipantId): string =>
  keyedHash(key, `participant ${participant}`)
