// The sliding window is what a plain list of moments would be.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Window } from '../../../src/retroshare/routing/window.ts'
import type { ParticipantId } from '../../../src/util/ids.ts'

const LENGTH_MS = 100
const action = fc.record({
  afterMs: fc.oneof(fc.nat(5), fc.nat(150)),
  what: fc.constantFrom('add', 'add', 'add', 'remove'),
  id: fc.nat(60),
})

test('whatever is added and taken back, size, authors and ends are those of a plain list', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const window = new Window(LENGTH_MS)
      let list: { messageId: string; author: ParticipantId; atMs: number }[] = []
      let nowMs = 0
      for (const { afterMs, what, id } of actions) {
        nowMs += afterMs
        const item = { messageId: `${id}`, author: `${id % 3}` as ParticipantId, atMs: nowMs }
        list = list.filter(({ atMs }) => atMs + LENGTH_MS > nowMs)
        expect(window.size(nowMs)).toBe(list.length)
        if (what === 'add') {
          window.add(item, nowMs)
          list.push(item)
        } else {
          const at = list.findLastIndex(({ messageId }) => messageId === item.messageId)
          expect(window.remove(item.messageId)).toBe(at >= 0)
          if (at >= 0) list.splice(at, 1)
        }
        expect(window.length).toBe(list.length)
        expect(window.countOf(item.author)).toBe(list.filter(({ author }) => author === item.author).length)
        for (const place of [0, list.length - 1, list.length])
          if (place >= 0)
            expect(window.endMs(place)).toBe(list[place] && (list[place]?.atMs ?? 0) + LENGTH_MS)
      }
    }),
  )
})
