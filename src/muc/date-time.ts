/** Points in time as XMPP writes them: the DateTime profile of XEP-0082. */

const DATE_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970, finer fractions cut off; undefined when `text` is no DateTime. */
export function parseDateTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text)
  if (!match) return undefined
  const [, civil = '', fraction = '', zone = ''] = match
  const civilMs = Date.parse(`${civil}Z`)
  // A day or an hour that does not exist is taken for a later one by the parser of the language.
  if (Number.isNaN(civilMs) || !new Date(civilMs).toISOString().startsWith(civil)) return undefined
  const ms = Date.parse(`${civil}${fraction.slice(0, 4)}${zone}`)
  return Number.isNaN(ms) ? undefined : ms
}

/** `ms` since 1970 in UTC with milliseconds. */
export const formatDateTime = (ms: number): string => new Date(ms).toISOString()
