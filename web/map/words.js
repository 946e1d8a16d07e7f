// Times and numbers in words.

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const DATE_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** Time of day of an ISO 8601 time, with the date when it is not today. */
export function clock(iso) {
  const time = new Date(iso)
  const isToday = time.toDateString() === new Date().toDateString()
  return (isToday ? TIME : DATE_AND_TIME).format(time)
}

/** `1 lobby`, `3 lobbies`, `2 friends`. */
export const count = (number, word) => `${number} ${plural(number, word)}`

/** `lobby`, or `lobbies` when there is not one. */
export const plural = (number, word) => (number === 1 ? word : `${word}s`.replace(/ys$/, 'ies'))

/** How far a friend's clock is from ours. */
export function clockSkew(ms) {
  if (ms === null) return null
  if (Math.abs(ms) < 1000) return 'right'
  return `${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? 'ahead' : 'behind'}`
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** `512 bytes`, `1.5 MiB`. */
export function size(bytes) {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1)
  const number = bytes / 2 ** (10 * power)
  return `${power === 0 || number >= 100 ? Math.round(number) : number.toFixed(1)} ${UNITS[power]}`
}

/** The first three of some names, and how many more there are. */
export function list(names) {
  const named = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${named} and ${names.length - 3} more` : named
}
