// The counts of stream management, without connection or clock: XEP-0198 §4.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StreamManagement } from '../../../src/xmpp/stream-management/stream-management.ts'

const LIMITS = { maxUnackedStanzas: 1000, maxUnackedCharacters: 10_000, ackTimeoutMs: 1000 }
const stanza = (id: number) => ({ stanza: { name: 'message', rest: ` id="${id}"/>` }, to: 'a@b/c' })
const ids = (management: StreamManagement): string[] => management.unacked.map((sent) => sent.stanza.rest)

test('what is not acknowledged is kept in order, whatever is sent and acknowledged', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant('send' as const), fc.nat(5)), { maxLength: 60 }), (steps) => {
      const management = new StreamManagement(LIMITS)
      const sent: string[] = []
      let acknowledged = 0
      for (const step of steps)
        if (step === 'send') {
          management.sent(stanza(sent.length))
          sent.push(` id="${sent.length}"/>`)
        } else {
          const h = acknowledged + step
          const taken = management.acknowledge(h)
          expect(taken.ok).toBe(h <= sent.length)
          if (taken.ok) acknowledged = h
          else expect(taken.error).toEqual({ claimed: h, sent: sent.length })
        }
      expect(ids(management)).toEqual(sent.slice(acknowledged))
      const size = sent.slice(acknowledged).reduce((sum, rest) => sum + rest.length + 5, 0)
      expect(management.characters).toBe(size)
    }),
  )
})

test('a count that is older than the last one is refused like one that is too high', () => {
  const management = new StreamManagement(LIMITS)
  for (let i = 0; i < 3; i++) management.sent(stanza(i))
  expect(management.acknowledge(2)).toEqual({ ok: true, value: { isAnyLeft: true } })
  expect(management.acknowledge(1)).toEqual({ ok: false, error: { claimed: 1, sent: 3 } })
})

test('beyond a bound of number or size nothing is kept, and the session cannot go on', () => {
  for (const limits of [
    { ...LIMITS, maxUnackedStanzas: 2 },
    { ...LIMITS, maxUnackedCharacters: 32 },
  ]) {
    const management = new StreamManagement(limits)
    management.sent(stanza(1))
    management.sent(stanza(2))
    expect(management.isOverfull).toBe(false)
    management.sent(stanza(3))
    expect(management).toMatchObject({ isOverfull: true, unacked: [], characters: 0 })
    expect(management.acknowledge(3).ok).toBe(true)
  }
})

test('the client is asked when there is something to acknowledge, once, and is silent after the time-out', () => {
  const management = new StreamManagement(LIMITS)
  expect(management.look(0)).toBeUndefined()
  management.sent(stanza(1))
  expect(management.look(0)).toBe('ask')
  management.asked(0)
  expect(management.look(1000)).toBeUndefined()
  expect(management.look(1001)).toBe('silent')
  management.acknowledge(1)
  expect(management.look(1001)).toBeUndefined()
})

test('after 64 stanzas it is time to ask, but not twice for one answer', () => {
  const management = new StreamManagement(LIMITS)
  for (let i = 0; i < 63; i++) management.sent(stanza(i))
  expect(management.isAskingDue).toBe(false)
  management.sent(stanza(63))
  expect(management.isAskingDue).toBe(true)
  management.asked(0)
  for (let i = 0; i < 100; i++) management.sent(stanza(i))
  expect(management.isAskingDue).toBe(false)
  management.acknowledge(64)
  expect(management.isAskingDue).toBe(true)
})

test('what was acknowledged unasked does not count for the next request', () => {
  const management = new StreamManagement(LIMITS)
  for (let i = 0; i < 63; i++) management.sent(stanza(i))
  management.acknowledge(63)
  management.sent(stanza(63))
  expect(management.isAskingDue).toBe(false)
  expect(management.look(0)).toBe('ask')
})

test('on a new connection nobody has asked yet', () => {
  const management = new StreamManagement(LIMITS)
  management.sent(stanza(1))
  management.asked(0)
  management.reconnected()
  expect(management.look(5000)).toBe('ask')
})
