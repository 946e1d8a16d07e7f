// What was set up last is taken down first, and a step that fails keeps none of the others.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Shutdown } from '../../src/gateway/shutdown.ts'

test('steps run once, the last first, one after the other, also past one that fails', async () => {
  const ended: string[] = []
  const logged: string[] = []
  const log = pino({ level: 'error' }, { write: (line) => logged.push(JSON.parse(line).what) })
  const shutdown = new Shutdown(log)
  const step = (name: string, isBroken = false) =>
    shutdown.add(name, async () => {
      await Promise.resolve()
      ended.push(name)
      if (isBroken) throw new Error('no')
    })
  step('archive')
  step('network', true)
  step('rooms')
  await Promise.all([shutdown.run(), shutdown.run()])
  expect(ended).toEqual(['rooms', 'network', 'archive'])
  expect(logged).toEqual(['network'])
})
