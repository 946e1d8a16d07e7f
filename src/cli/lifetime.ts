/** How a long-running command ends: by SIGINT or SIGTERM, within five seconds, with exit code 0. */

/** A stop that takes longer than this is cut short; the promise of docs/operating.md is five seconds. */
const STOP_LIMIT_MS = 4_500

/** Resolves with the exit code once a signal came and `stop` is done. A second signal ends the process at once. */
export async function runUntilSignal(stop: () => Promise<void>): Promise<number> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(130))
        resolve()
      })
  })
  const limit = setTimeout(() => process.exit(1), STOP_LIMIT_MS)
  limit.unref()
  await stop()
  clearTimeout(limit)
  return 0
}
