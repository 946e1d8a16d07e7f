/** How a long-running command ends: by a signal, also while it still starts, within five seconds, with exit code 0. */

/** A stop that takes longer than this is cut short; the promise of docs/operating.md is five seconds. */
const STOP_LIMIT_MS = 4_500
/** One Ctrl-C may come twice: from the terminal, and from npm, which passes it on. */
const SAME_SIGNAL_MS = 300

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/**
 * Starts, waits for one of `signals`, stops, and resolves with the exit code. `start` resolves with what stops it
 * again. A second signal ends the process at once.
 */
export async function runUntilSignal(
  start: () => Promise<() => Promise<void>>,
  signals: readonly (keyof typeof EXIT_CODES)[] = ['SIGINT', 'SIGTERM'],
): Promise<number> {
  const told = new Promise<void>((resolve) => {
    let toldAtMs: number | undefined
    for (const signal of signals)
      process.on(signal, () => {
        const nowMs = performance.now()
        if (toldAtMs !== undefined && nowMs - toldAtMs > SAME_SIGNAL_MS) process.exit(EXIT_CODES[signal])
        if (toldAtMs !== undefined) return
        toldAtMs = nowMs
        // Stays set: whatever is left when all has been stopped must not keep the process.
        setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
        resolve()
      })
  })
  const stop = await start()
  await told
  await stop()
  return 0
}
