/**
 * Tells systemd how a service is: ready, alive, stopping. Its protocol (sd_notify) takes datagrams on a Unix socket, which
 * Node.js cannot send, so systemd's own program does.
 */
import { execFile } from 'node:child_process'

export interface Supervisor {
  /** The service does its work. Begins to tell that it is alive, as often as systemd wants. */
  ready(): void
  stopping(): void
}

type Environment = Readonly<Record<string, string | undefined>>

const PROGRAM = 'systemd-notify'
/** systemd takes longer than this only when it is in trouble itself. */
const NOTIFY_MS = 10_000
const SILENT: Supervisor = { ready: () => undefined, stopping: () => undefined }

/** Does nothing unless systemd asks for it. `problems` are shown by `systemctl status`. */
export function createSupervisor(env: Environment, problems: () => readonly string[]): Supervisor {
  if (env.NOTIFY_SOCKET === undefined) return SILENT
  const status = (): string => `STATUS=${problems().join('; ') || 'all is well'}`
  const options = { env: { PATH: env.PATH, NOTIFY_SOCKET: env.NOTIFY_SOCKET }, timeout: NOTIFY_MS }
  let last: Promise<void> = Promise.resolve()
  let waiting = 0
  /** One after the other. A message that does not get out is not sent anew: systemd ends whom it does not hear. */
  const tell = (...news: string[]): void => {
    waiting += 1
    last = last.then(
      () =>
        new Promise((resolve) => {
          execFile(PROGRAM, news, options, () => {
            waiting -= 1
            resolve()
          })
        }),
    )
  }
  let watchdog: NodeJS.Timeout | undefined
  return {
    ready: () => {
      tell('READY=1', status())
      const everyMs = Number(env.WATCHDOG_USEC) / 2000
      if (everyMs > 0) watchdog = setInterval(() => waiting === 0 && tell('WATCHDOG=1', status()), everyMs)
    },
    stopping: () => {
      clearInterval(watchdog)
      tell('STOPPING=1')
    },
  }
}
