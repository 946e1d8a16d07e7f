/** The process's log: JSON on standard output, with times and levels in words, pretty only on a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import { GatewayError } from '../util/errors.ts'

/** A log whose level can change while it is in use, with all that was derived from it. */
export interface AdjustableLog {
  readonly log: Logger
  setLevel(level: string): void
}

/** `destination`: standard output, where none is given. */
export function createLogger(level: string, destination = standardOutput()): AdjustableLog {
  // Derived loggers keep the level that they began with, so they are told one by one.
  const derived = new Set<WeakRef<Logger>>()
  const gone = new FinalizationRegistry((reference: WeakRef<Logger>) => derived.delete(reference))
  const onChild = (child: Logger): void => {
    const reference = new WeakRef(child)
    derived.add(reference)
    gone.register(child, reference)
  }
  // Of a failure that has a code its words say enough; where it was met is for whoever looks closer.
  const err = (error: Error): unknown =>
    error instanceof GatewayError && !log.isLevelEnabled('debug')
      ? { code: error.code, message: error.message }
      : pino.stdSerializers.err(error)
  const log: Logger = pino(
    {
      level,
      base: null,
      onChild,
      serializers: { err },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return {
    log,
    setLevel: (fresh) => {
      log.level = fresh
      for (const reference of derived) {
        const child = reference.deref()
        if (child) child.level = fresh
      }
    },
  }
}

const standardOutput = (): DestinationStream =>
  process.stdout.isTTY
    ? pretty({ ignore: 'hostname,pid', translateTime: 'HH:MM:ss', sync: true })
    : pino.destination({ fd: 1, sync: true })
