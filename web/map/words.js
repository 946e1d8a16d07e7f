// Times and numbers in words.

/** Time of day of an ISO 8601 time, with the date when it is not today. */
export function clock(iso) {
  const time = new Date(iso)
  const isToday = time.toDateString() === new Date().toDateString()
  return isToday ? time.toLocaleTimeString() : time.toLocaleString()
}

/** `1 lobby`, `3 lobbies`, `2 friends`. */
export const count = (number, word) => `${number} ${number === 1 ? word : `${word}s`.replace(/ys$/, 'ies')}`

/** How far a friend's clock is from ours, when that is worth a word. */
export function clockSkew(ms) {
  if (ms === null || Math.abs(ms) < 1000) return null
  return `${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? 'ahead' : 'behind'}`
}
