// Effects of a room in line behind the archive, and who waits for them.
import { expect, test } from 'vitest'
import { type OutwardEffect, RoomRunner } from '../../src/gateway/room-runner.ts'
import type { ArchiveAnswer } from '../../src/muc/archive-port.ts'
import { el } from '../../src/stanza/xml.ts'
import { jid, ROOM, RoomHarness } from '../muc/room-harness.ts'

const ANN = 'ann@example.org/a'
const EMPTY: ArchiveAnswer = {
  kind: 'page',
  page: { entries: [], isComplete: true, total: null, firstIndex: null },
}

test('who waits for what came of a join is told after history and subject, and at once when nothing is in line', async () => {
  const harness = new RoomHarness()
  const performed: OutwardEffect[] = []
  let answer = (_answer: ArchiveAnswer): void => undefined
  const runner = new RoomRunner(harness.room, 'cats', {
    env: () => harness.env,
    append: (_entry, done) => done('stored'),
    query: () =>
      new Promise((resolve) => {
        answer = resolve
      }),
    metadata: async () => null,
    save: async () => null,
    perform: (effect) => performed.push(effect),
    wakeAt: () => undefined,
  })
  const join = el(
    'presence',
    { from: ANN, to: `${ROOM}/Ann` },
    el('x', { xmlns: 'http://jabber.org/protocol/muc' }),
  )
  runner.dispatch({ kind: 'stanza', from: jid(ANN), stanza: join })
  let before = 0
  const told = new Promise<number>((resolve) => runner.whenTold(() => resolve(performed.length)))
  before = performed.length
  expect(runner.isIdle).toBe(false)
  answer(EMPTY)
  expect(await told).toBeGreaterThan(before)
  expect(runner.isIdle).toBe(true)
  let isTold = false
  runner.whenTold(() => {
    isTold = true
  })
  expect(isTold).toBe(true)
})
