// What was set up last is taken down first, and a part that fails keeps none of the others.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Shutdown } from '../../src/gateway/shutdown.ts'

test('steps run once, the last first, one after the other, also past a part that fails', async () => {
  const events: string[] = []
  const logged: string[] = []
  const log = pino({ level: 'error' }, { write: (line) => logged.push(JSON.parse(line).what) })
  const shutdown = new Shutdown(log)
  const part = (name: string) => async () => {
    events.push(`${name} ends`)
    await new Promise((resolve) => setImmediate(resolve))
    events.push(`${name} ended`)
  }
  shutdown.add({ archive: part('archive') })
  shutdown.add({
    xmpp: part('xmpp'),
    network: () => {
      throw new Error('no')
    },
  })
  shutdown.add({ rooms: () => Promise.reject(new Error('no')) })
  await Promise.all([shutdown.run(), shutdown.run()])
  expect(events).toEqual(['xmpp ends', 'xmpp ended', 'archive ends', 'archive ended'])
  expect(logged).toEqual(['rooms', 'network'])
})
