// A trace shows the stanzas of one JID to whoever asks, hides texts unless told, and ends when nobody asks any longer.
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type TraceRequest, Traces } from '../../src/gateway/traces.ts'
import { el, serialize } from '../../src/stanza/xml.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const newTraces = (): Traces => new Traces(pino({ level: 'silent' }), () => 7)
const ANN = { jid: 'ann@example.org', hasTexts: false, watcher: '' }

/** Begins a trace; its first question has no news. */
async function begin(traces: Traces, request: TraceRequest): Promise<void> {
  const first = traces.next(request)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(await first).toEqual({ stanzas: [], missed: 0 })
}

test('nothing is traced until somebody asks, and the question waits for news', async () => {
  const traces = newTraces()
  expect(traces.isOn).toBe(false)
  const page = traces.next(ANN)
  traces.note('in', 'bob@example.org/x', () => '<message/>')
  traces.note('out', 'ann@example.org/phone', () => '<presence/>')
  expect(await page).toEqual({ stanzas: [{ at: 7, direction: 'out', xml: '<presence/>' }], missed: 0 })
})

test('texts are hidden unless they are asked for', async () => {
  const traces = newTraces()
  const said = '<message id="1"><body>I &gt; you</body><x a="b"/></message>'
  await begin(traces, ANN)
  await begin(traces, { ...ANN, hasTexts: true })
  traces.note('in', 'ann@example.org/x', () => said)
  expect((await traces.next(ANN)).stanzas[0]?.xml).toBe('<message id="1"><body>…</body><x a="…"/></message>')
  expect((await traces.next({ ...ANN, hasTexts: true })).stanzas[0]?.xml).toBe(said)
})

test('what people wrote is hidden in attributes too, and addresses, kinds and times are not', async () => {
  const traces = newTraces()
  await begin(traces, ANN)
  const from = 'room@lobbies/A &gt; "B"'
  const kept = { from, to: 'ann@example.org/x', id: '7', type: 'groupchat', stamp: '2026-01-01T00:00:00Z' }
  const xml = serialize(
    el(
      'message',
      kept,
      el('replace', { xmlns: 'urn:edit', id: 'e', text: 'a "secret" > that' }),
      el('data', { mainMessage: "secret's ='to=" }),
      el('x', { xmlns: 'jabber:x:conference', jid: 'room@lobbies', password: 'secret', reason: 'secret' }),
      el('text', { 'xml:lang': 'secret' }, 'to="secret" > <'),
    ),
  )
  traces.note('out', 'ann@example.org/x', () => xml)
  const [shown] = (await traces.next(ANN)).stanzas
  expect(shown?.xml).not.toContain('secret')
  expect(shown?.xml).toBe(
    serialize(
      el(
        'message',
        kept,
        el('replace', { xmlns: 'urn:edit', id: 'e', text: '…' }),
        el('data', { mainMessage: '…' }),
        el('x', { xmlns: 'jabber:x:conference', jid: 'room@lobbies', password: '…', reason: '…' }),
        el('text', { 'xml:lang': '…' }, '…'),
      ),
    ),
  )
})

test('a full JID is one session, a bare one all sessions of the account and no other account', async () => {
  const traces = newTraces()
  await begin(traces, ANN)
  await begin(traces, { ...ANN, jid: 'ann@example.org/phone' })
  for (const user of ['ann@example.org/phone', 'ann@example.org/desk', 'ann@example.organic/x'])
    traces.note('in', user, () => `<iq from="${user}"/>`)
  expect((await traces.next(ANN)).stanzas).toHaveLength(2)
  expect((await traces.next({ ...ANN, jid: 'ann@example.org/phone' })).stanzas).toHaveLength(1)
})

test('two who trace the same user have all stanzas each, whenever they ask', async () => {
  const traces = newTraces()
  const other = { ...ANN, watcher: 'other' }
  const first = traces.next(ANN)
  await vi.advanceTimersByTimeAsync(10_000)
  const second = traces.next(other)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await first).toEqual({ stanzas: [], missed: 0 })
  traces.note('in', 'ann@example.org/x', () => '<iq/>')
  const seen = [{ at: 7, direction: 'in', xml: '<iq/>' }]
  expect([(await second).stanzas, (await traces.next(ANN)).stanzas]).toEqual([seen, seen])
})

test('a question asked anew answers the one before, and the trace goes on', async () => {
  const traces = newTraces()
  const given = traces.next(ANN)
  await vi.advanceTimersByTimeAsync(19_000)
  const asked = traces.next(ANN)
  expect(await given).toEqual({ stanzas: [], missed: 0 })
  await vi.advanceTimersByTimeAsync(19_000)
  traces.note('in', 'ann@example.org/x', () => '<iq/>')
  expect((await asked).stanzas).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(29_000)
  expect(traces.isOn).toBe(true)
  traces.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('what is not fetched is bounded and counted, and a trace that nobody asks about ends', async () => {
  const traces = newTraces()
  await begin(traces, ANN)
  for (let n = 0; n < 1_003; n++) traces.note('in', 'ann@example.org/x', () => '<iq/>')
  const page = await traces.next(ANN)
  expect([page.stanzas.length, page.missed]).toEqual([1_000, 3])
  await vi.advanceTimersByTimeAsync(30_000)
  expect(traces.isOn).toBe(false)
})

test('there are only so many traces, and only of JIDs', async () => {
  const traces = newTraces()
  const asked = Array.from({ length: 8 }, (_, n) => traces.next({ ...ANN, jid: `user${n}@example.org` }))
  await expect(traces.next(ANN)).rejects.toMatchObject({ code: 'TRACES_FULL' })
  await expect(traces.next({ ...ANN, jid: '@' })).rejects.toMatchObject({ code: 'BAD_NAME' })
  traces.stop()
  await Promise.all(asked)
  expect([traces.isOn, vi.getTimerCount()]).toEqual([false, 0])
})
