/** This node as it presents itself to friends: invites and contact. Source: docs/retroshare.md §2, §5.4. */
import { isIPv4, isIPv6 } from 'node:net'
import type { NodeIdentity } from './identity/node-identity.ts'
import type { SelfContact } from './peer/discovery.ts'
import type { Endpoint } from './wire/invite.ts'
import { formatLongInvite, formatShortInvite } from './wire/invite.ts'
import type { WireAddress } from './wire/item.ts'

/** Where this node can be reached. */
export interface Reach {
  /** Where it listens; the port is the one really bound. */
  readonly listen: Endpoint
  /** What others are told; null for `listen`. */
  readonly advertise: Endpoint | null
}

const ANY_HOST = new Set(['0.0.0.0', '::', ''])

/** `host:port`, with brackets around IPv6. */
export const addressText = ({ host, port }: Endpoint): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** What others dial: the advertised address, else the one listened on; null when that is "any". */
export const publicAddress = ({ listen, advertise }: Reach): Endpoint | null =>
  advertise ?? (ANY_HOST.has(listen.host) ? null : listen)

/** An address as items carry it; null for names and for "any". */
export function wireAddress(address: Endpoint | null): WireAddress {
  if (!address || ANY_HOST.has(address.host)) return null
  if (isIPv4(address.host)) return { family: 4, host: address.host, port: address.port }
  return isIPv6(address.host) ? { family: 6, host: address.host, port: address.port } : null
}

const isName = ({ host }: Endpoint): boolean => !isIPv4(host) && !isIPv6(host)

/** Base64 of our invitation. */
export function ownInvite(identity: NodeIdentity, reach: Reach, form: 'short' | 'long'): string {
  const address = publicAddress(reach)
  const { listen } = reach
  const external = address && isIPv4(address.host) ? address : undefined
  const local = isIPv4(listen.host) && !ANY_HOST.has(listen.host) ? listen : undefined
  const name = address && isName(address) ? address : undefined
  const fields = {
    sslId: identity.sslId,
    ...(external && { external }),
    ...(local && { local }),
    locators: address && isIPv6(address.host) ? [`ipv6://${addressText(address)}`] : [],
  }
  if (form === 'short')
    return formatShortInvite({
      ...fields,
      name: identity.profile.name,
      pgpFingerprint: identity.profile.fingerprint,
      ...(name && { dns: name }),
    })
  return formatLongInvite({
    ...fields,
    pgpKey: identity.profile.publicKey,
    location: identity.location,
    // A name has no port of its own here: it is that of the external address.
    ...(name && { dnsName: name.host, external: { host: '0.0.0.0', port: name.port } }),
  })
}

export function selfContact(identity: NodeIdentity, reach: Reach, version: string): SelfContact {
  const address = publicAddress(reach)
  return {
    pgpId: identity.profile.pgpId,
    sslId: identity.sslId,
    location: identity.location,
    version,
    publicKey: identity.profile.publicKey,
    local: wireAddress(reach.listen),
    external: wireAddress(address),
    dnsName: address && isName(address) ? address.host : '',
  }
}
