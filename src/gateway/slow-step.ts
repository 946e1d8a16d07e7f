/** Steps of a start that may take long: whoever waits is told what for. */

/** What is done by then was quick. */
const SLOW_MS = 1_000

/** The outcome of `work`; `tell` is called once if that takes longer than a moment. */
export async function toldIfSlow<T>(tell: () => void, work: Promise<T>): Promise<T> {
  const timer = setTimeout(tell, SLOW_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
