/** What somebody may have meant: the known word that is closest to the one written. */

/** The candidate that is a slip or two away from `word`, letters' case aside; undefined when none is that close. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase()
  let found: string | undefined
  // One slip, in words of six letters and more two: more is another word, and one letter may mean anything.
  let limit = wanted.length < 2 ? 1 : wanted.length < 6 ? 2 : 3
  for (const candidate of candidates) {
    const distance = slips(wanted, candidate.toLowerCase())
    if (distance < limit) [found, limit] = [candidate, distance]
  }
  return found
}

/** Letters to add, leave out, replace, or swap with their neighbour, to make one word the other. */
function slips(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    ;[beforeLast, last] = [last, row]
  }
  return last[b.length] ?? a.length
}
