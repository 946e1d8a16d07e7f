/** Addresses of identities of a lobby network in lists of affiliations: `identity.ID`, beside rooms and friend nodes. */
import { parseJid } from '../stanza/jid.ts'
import type { ParticipantId } from '../util/ids.ts'

const LOCALPART = /^identity\.([0-9a-f]{16,})$/

/** The address of a participant on the service `domain`. Nothing can be sent there. */
export const identityAddress = (id: ParticipantId, domain: string): string => `identity.${id}@${domain}`

/** The participant that a localpart names; undefined for any other localpart. */
export const parseIdentityLocalpart = (localpart: string): ParticipantId | undefined =>
  LOCALPART.exec(localpart)?.[1] as ParticipantId | undefined

/** The participant that an address on the service `domain` names; undefined for any other address. */
export function parseIdentityAddress(address: string, domain: string): ParticipantId | undefined {
  const jid = parseJid(address)
  return jid?.domain === domain ? parseIdentityLocalpart(jid.local) : undefined
}
