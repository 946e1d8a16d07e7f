// The level of the log changes for all who write to it, however they came by it; failures are told without a stack trace.
import { expect, test } from 'vitest'
import { createLogger } from '../../src/cli/logger.ts'
import { GatewayError } from '../../src/util/errors.ts'

test('a new level holds for loggers that were derived before, and for theirs', () => {
  const written: string[] = []
  const { log, setLevel } = createLogger('info', { write: (line) => written.push(JSON.parse(line).msg) })
  const network = log.child({ network: 'retroshare' })
  const friend = network.child({ friend: 'f' })
  const all = [log, network, friend]
  const writeAll = () => {
    written.length = 0
    for (const [i, each] of all.entries()) each.debug(String(i))
    return written.join('')
  }
  expect(writeAll()).toBe('')
  setLevel('debug')
  expect(writeAll()).toBe('012')
  setLevel('warn')
  expect(writeAll()).toBe('')
})

test('a line has its time and its level in words', () => {
  const lines: Record<string, unknown>[] = []
  const { log } = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) })
  log.child({ friend: 'f' }).warn('late')
  expect(lines).toEqual([
    { level: 'warn', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), friend: 'f', msg: 'late' },
  ])
})

test('a failure with a code is told by its words, a bug with its place, and so is all that is looked at closely', () => {
  let written = ''
  const { log, setLevel } = createLogger('info', {
    write: (line) => {
      written = line
    },
  })
  const failure = new GatewayError('ARCHIVE_FAILED', 'the disk is full', { cause: new Error('SQLITE_FULL') })
  log.child({}).error({ err: failure }, 'not stored')
  expect(JSON.parse(written).err).toEqual({ code: 'ARCHIVE_FAILED', message: 'the disk is full' })
  log.error({ err: new TypeError('x is undefined') }, 'failed')
  expect(JSON.parse(written).err.stack).toContain('logger.test.ts')
  setLevel('debug')
  log.error({ err: failure }, 'not stored')
  expect(JSON.parse(written).err.stack).toContain('logger.test.ts')
})
