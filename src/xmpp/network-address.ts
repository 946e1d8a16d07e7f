/** What counts as one address where clients are counted by it. */

/** An IPv4 address, or the /64 of an IPv6 address: whoever has one of it has them all. */
export function networkOf(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length)
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length
  return [...groups, ...Array<string>(missing).fill('0')].slice(0, 4).join(':')
}

/** This machine: a proxy perhaps, behind which there are many clients. */
export const isOwnMachine = (address: string): boolean =>
  address === '::1' || networkOf(address).startsWith('127.')
