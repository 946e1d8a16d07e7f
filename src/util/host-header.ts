/** Whom an HTTP request was meant for, against DNS rebinding: a page of a stranger keeps its own name in `Host`. */

/**
 * Whether a `Host` header (RFC 9110 §7.2) names this machine: a loopback address, `localhost` or a name below it
 * (RFC 6761 §6.3). Without a header it is no browser that asks.
 */
export function namesThisMachine(host: string | undefined): boolean {
  if (host === undefined) return true
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
  return name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name) || /^(?:.+\.)?localhost$/.test(name)
}

/** Whether a `Host` header is the one of a page's address; its port does not count. */
export function isHostOf(address: string | null, host: string | undefined): boolean {
  const given = `http://${host}`
  return address !== null && URL.canParse(given) && new URL(address).hostname === new URL(given).hostname
}

/** Whether pages of an `Origin` may use what is reached by this `Host`; see `isOriginAllowed`. */
export type AllowsOrigin = (origin: string | undefined, host: string | undefined) => boolean

/**
 * Pages of this host, of the same machine, and of the origins that are `listed` may connect, and programs, which send no
 * origin. Any other page would act for its visitor, who may be the only one allowed to reach this server.
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  listed: readonly string[],
): boolean {
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  if (listed.includes(url.origin)) return true
  return url.host === host || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}
