// A room tells what it may have missed of its lobby: live, in its archive, and by pages that are not stable.
import { expect, test } from 'vitest'
import { GAP_NS } from '../../src/muc/stanza-parts.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { ROOM, RoomHarness, START_MS } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const GAP = { kind: 'gap', fromMs: START_MS - 3_600_000, toMs: START_MS } as const

function fin(h: RoomHarness, inside: string): string | undefined {
  h.send(ALICE, `<iq type="set" id="q"><query xmlns="${NS.mam}">${inside}</query></iq>`)
  return h.take(ALICE).at(-1)?.getChild('fin', NS.mam)?.attrs.stable
}
const rsm = (inside: string): string => `<set xmlns="${NS.rsm}">${inside}</set>`
const until = (ms: number): string =>
  `<x xmlns="${NS.dataForms}" type="submit"><field var="FORM_TYPE"><value>${NS.mam}</value></field>` +
  `<field var="end"><value>${new Date(ms).toISOString()}</value></field></x>`

test('a gap is a message of the room with words for people and an element for programs, archived', () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.clear()
  h.step(GAP)
  const message = h.takeOne(ALICE)
  expect(message.attrs).toMatchObject({ from: ROOM, type: 'groupchat' })
  expect(message.getChildText('body')).toBe(
    'Messages may be missing here: the lobby was not heard from 2026-11-21 11:00:00 UTC to 2026-11-21 12:00:00 UTC.',
  )
  expect(message.getChild('gap', GAP_NS)?.attrs).toMatchObject({
    start: '2026-11-21T11:00:00.000Z',
    end: '2026-11-21T12:00:00.000Z',
  })
  expect(message.getChild('stanza-id', NS.sid)?.attrs.id).toBe(h.archive.entries[0]?.id)
  expect(h.archive.entries).toMatchObject([{ kind: 'gap', occupantId: '' }])
  expect(h.takeLobby()).toEqual([{ kind: 'gap-told', fromMs: GAP.fromMs, toMs: GAP.toMs }])
  h.join('late@example.org/x', 'Late', '', '')
  const history = h.take('late@example.org/x').filter((each: Element) => each.getChild('delay'))
  expect(history.map((each) => each.getChild('gap', GAP_NS) !== undefined)).toEqual([true])
})

test('a gap that cannot be archived is shown to nobody and goes on', () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.clear()
  h.archive.mode = 'fail'
  h.step(GAP)
  expect(h.sent.size).toBe(0)
  expect(h.takeLobby()).toEqual([{ kind: 'gap-untold', fromMs: GAP.fromMs }])
})

test('while the lobby is not heard, pages that reach the present are not stable, and others are', () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  for (let i = 0; i < 4; i++) {
    h.say(ALICE, `${i}`, `m${i}`)
    h.advance(1000)
  }
  h.clear()
  const first = h.archive.entries[0]?.id
  const stable = (): (string | undefined)[] =>
    ['', rsm('<before/><max>1</max>'), until(h.nowMs), rsm('<max>2</max>'), until(START_MS + 1500)].map(
      (inside) => fin(h, inside),
    )
  expect(stable()).toEqual(['true', 'true', 'true', 'true', 'true'])
  h.step({ kind: 'hearing', deafSinceMs: START_MS + 2500 })
  expect(stable()).toEqual(['false', 'false', 'false', 'true', 'true'])
  expect(fin(h, rsm(`<after>${first}</after>`))).toBe('false')
  expect(fin(h, rsm(`<before>${first}</before>`))).toBe('true')
  h.step({ ...GAP, fromMs: START_MS + 2500, toMs: h.nowMs })
  h.clear()
  expect(stable()).toEqual(['true', 'true', 'true', 'true', 'true'])
})

test('what the lobby says while nothing can be stored is missed, and said to be', () => {
  const h = new RoomHarness()
  h.archive.mode = 'fail'
  const occupant = { id: 'ab'.repeat(16) as never, nick: 'Rita' }
  h.step({ kind: 'remote-said', occupant, body: 'lost', files: [], sentAtMs: 0, networkId: 'n1' })
  expect(h.takeLobby()).toEqual([{ kind: 'lobby-missed', atMs: START_MS }])
})
