/** The process's log: pino JSON on standard output, pretty only on a terminal. */
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export function createLogger(level: string): Logger {
  const options = { level, base: null }
  return process.stdout.isTTY
    ? pino(options, pretty({ ignore: 'hostname,pid', translateTime: 'HH:MM:ss', sync: true }))
    : pino(options, pino.destination({ fd: 1, sync: true }))
}
