// Whether sessions behind the host server are there: who is asked when, and what answers and silence mean.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OccupantCheck } from '../../src/gateway/occupant-check.ts'
import { parseJid } from '../../src/stanza/jid.ts'
import { errorReply, iqResult } from '../../src/stanza/stanza-error.ts'
import type { Element } from '../../src/stanza/xml.ts'

const DOMAIN = 'lobbies.example'
const TIMINGS = { roundMs: 1_000, idleMs: 5_000, silentMs: 3_000, batchPauseMs: 10 }

let sessions: Set<string>
let asked: Element[]
let gone: string[]
let unsure: string[]
let check: OccupantCheck

beforeEach(() => {
  vi.useFakeTimers()
  sessions = new Set(['ann@h/1', 'bob@h/1'])
  asked = []
  gone = []
  unsure = []
  check = new OccupantCheck({
    domain: DOMAIN,
    timings: TIMINGS,
    sessions: () => sessions,
    send: (_to, stanza) => asked.push(stanza),
    nowMs: Date.now,
    onGone: (full) => {
      gone.push(full)
      sessions.delete(full)
    },
    onUnsure: (full) => unsure.push(full),
    onRound: () => undefined,
  })
  check.start()
})
afterEach(() => {
  check.stop()
  vi.useRealTimers()
})

const answer = (question: Element, stanza: Element): boolean =>
  check.takes(parseJid(String(question.attrs.to)) as NonNullable<ReturnType<typeof parseJid>>, stanza)
const refused = (
  question: Element,
  condition: 'service-unavailable' | 'remote-server-not-found' | 'feature-not-implemented',
): boolean => answer(question, errorReply(question, { type: 'cancel', condition, text: '' }))
const askedOf = (full: string): Element => asked.findLast(({ attrs }) => attrs.to === full) as Element

test('everybody is pinged in the name of the service when the link comes up', () => {
  check.askAll()
  expect(asked.map(({ attrs }) => attrs.to)).toEqual(['ann@h/1', 'bob@h/1'])
  expect(asked[0]?.attrs).toMatchObject({ type: 'get', from: DOMAIN })
  expect(asked[0]?.getChild('ping', 'urn:xmpp:ping')).toBeDefined()
})

test('a result or a refusal means there, an error of a server means gone', () => {
  check.askAll()
  expect(answer(askedOf('ann@h/1'), iqResult(askedOf('ann@h/1')))).toBe(true)
  expect(refused(askedOf('bob@h/1'), 'remote-server-not-found')).toBe(true)
  expect(gone).toEqual(['bob@h/1'])
  check.askAll()
  refused(askedOf('ann@h/1'), 'feature-not-implemented')
  expect(gone).toEqual(['bob@h/1'])
})

test('what a client may say as well as a server is looked into', () => {
  check.askAll()
  refused(askedOf('ann@h/1'), 'service-unavailable')
  expect(gone).toEqual([])
  expect(unsure).toEqual(['ann@h/1'])
})

test('an error that comes after a new sign of life means nothing', () => {
  check.askAll()
  check.heard('ann@h/1')
  expect(refused(askedOf('ann@h/1'), 'remote-server-not-found')).toBe(true)
  expect(gone).toEqual([])
})

test('answers to questions of others are not taken', () => {
  check.askAll()
  const stanza = iqResult(askedOf('ann@h/1'))
  stanza.attrs.id = 'other'
  expect(answer(askedOf('ann@h/1'), stanza)).toBe(false)
  expect(answer(askedOf('ann@h/1'), askedOf('ann@h/1'))).toBe(false)
})

test('who is silent for long is asked, who speaks is not', () => {
  for (let second = 0; second < 6; second++) {
    vi.advanceTimersByTime(1_000)
    check.heard('ann@h/1')
  }
  expect(asked.map(({ attrs }) => attrs.to)).toEqual(['bob@h/1'])
})

test('who never answers is asked again and again, and then gone', () => {
  check.askAll()
  answer(askedOf('ann@h/1'), iqResult(askedOf('ann@h/1')))
  vi.advanceTimersByTime(2_500)
  expect(gone).toEqual([])
  expect(asked.filter(({ attrs }) => attrs.to === 'bob@h/1')).toHaveLength(3)
  vi.advanceTimersByTime(1_000)
  expect(gone).toEqual(['bob@h/1'])
  expect(asked.filter(({ attrs }) => attrs.to === 'ann@h/1')).toHaveLength(1)
})

test('a late answer to the latest question keeps who gave it', () => {
  check.askAll()
  vi.advanceTimersByTime(2_500)
  answer(askedOf('bob@h/1'), iqResult(askedOf('bob@h/1')))
  vi.advanceTimersByTime(3_000)
  expect(gone).not.toContain('bob@h/1')
})

test('many are asked in batches, within moments', () => {
  sessions = new Set(Array.from({ length: 1_200 }, (_, n) => `u${n}@h/1`))
  check.askAll()
  expect(asked).toHaveLength(500)
  vi.advanceTimersByTime(20)
  expect(new Set(asked.map(({ attrs }) => attrs.to)).size).toBe(1_200)
})
