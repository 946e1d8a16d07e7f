// What passes is counted by direction and kind, copies one by one; labels are made by nobody but us.

import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Traces } from '../../src/gateway/traces.ts'
import { Traffic } from '../../src/gateway/traffic.ts'
import { Jid } from '../../src/stanza/jid.ts'
import { errorReply } from '../../src/stanza/stanza-error.ts'
import { el, prepare } from '../../src/stanza/xml.ts'

const ANN = new Jid('a', 'b', 'c')
const traces = new Traces(pino({ level: 'silent' }), Date.now)
const NOWHERE = { send: () => undefined, fanout: () => undefined, isReachable: () => true }

test('stanzas are counted by direction and kind, a fan-out by its copies', () => {
  const traffic = new Traffic(traces)
  const side = traffic.watch(NOWHERE)
  traffic.received(ANN, el('message', { type: 'groupchat' }))
  traffic.received(ANN, el('presence', {}))
  side.send('a@b/c', el('iq', { type: 'result' }))
  side.fanout(prepare(el('message', {})), ['a@b/c', 'd@e/f'])
  expect([...traffic.stanzas()]).toEqual([
    [{ direction: 'in', kind: 'message' }, 1],
    [{ direction: 'in', kind: 'presence' }, 1],
    [{ direction: 'in', kind: 'iq' }, 0],
    [{ direction: 'out', kind: 'message' }, 2],
    [{ direction: 'out', kind: 'presence' }, 0],
    [{ direction: 'out', kind: 'iq' }, 1],
  ])
})

test('errors are counted by condition; one that nobody knows makes no label of its own', () => {
  const traffic = new Traffic(traces)
  const iq = el('iq', { type: 'get', from: 'a@b/c', to: 'd@e' })
  traffic.watch(NOWHERE).send('a@b/c', errorReply(iq, { type: 'auth', condition: 'forbidden', text: 'No.' }))
  for (const name of ['made-up-1', 'made-up-2'])
    traffic.received(ANN, el('message', { type: 'error' }, el('error', {}, el(name, {}))))
  traffic.received(ANN, el('message', { type: 'error' }))
  expect([...traffic.errors()]).toEqual([
    [{ direction: 'in', condition: 'other' }, 3],
    [{ direction: 'out', condition: 'forbidden' }, 1],
  ])
})
