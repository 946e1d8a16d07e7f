/** Which services this node offers and which ones work with a friend. Source: docs/retroshare.md §5.1. */
import type { ServiceDescription } from '../wire/item.ts'
import { SERVICE } from '../wire/item.ts'

const version1 = (service: number, name: string): ServiceDescription => ({
  service,
  name,
  major: 1,
  minor: 0,
  minMajor: 1,
  minMinor: 0,
})

/** What we tell every friend, ascending by number. Names are compared to the letter by the other side. */
export const OUR_SERVICES: readonly ServiceDescription[] = [
  version1(SERVICE.disc, 'disc'),
  version1(SERVICE.chat, 'chat'),
  version1(SERVICE.heartbeat, 'heartbeat'),
  version1(SERVICE.serviceInfo, 'serviceinfo'),
  version1(SERVICE.status, 'status'),
  version1(SERVICE.gxsId, 'gxsid'),
  version1(SERVICE.rtt, 'rtt'),
]

const isAtLeast = (major: number, minor: number, minMajor: number, minMinor: number): boolean =>
  major > minMajor || (major === minMajor && minor >= minMinor)

const isCompatible = (a: ServiceDescription, b: ServiceDescription): boolean =>
  a.name === b.name &&
  isAtLeast(a.major, a.minor, b.minMajor, b.minMinor) &&
  isAtLeast(b.major, b.minor, a.minMajor, a.minMinor)

/**
 * Numbers of the services that both sides offer in versions that suit each other. Of several entries for one
 * service the last counts.
 */
export function compatibleServices(theirs: readonly ServiceDescription[]): ReadonlySet<number> {
  const byNumber = new Map(theirs.map((entry) => [entry.service, entry]))
  return new Set(
    OUR_SERVICES.filter((ours) => {
      const entry = byNumber.get(ours.service)
      return entry !== undefined && isCompatible(ours, entry)
    }).map((ours) => ours.service),
  )
}
