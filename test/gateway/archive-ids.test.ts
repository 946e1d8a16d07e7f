// Archive ids are 16 digits, unique and growing, whatever the clock does.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { archiveIds } from '../../src/gateway/archive-ids.ts'
import type { ArchiveId } from '../../src/util/ids.ts'

test('ids grow through a clock that stands still, jumps and steps back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1_000_000_000_000, max: 2_000_000_000_000 }), { minLength: 2 }),
      (times) => {
        let now = 0
        const next = archiveIds(null, () => now)
        const ids = times.map((time) => {
          now = time
          return next()
        })
        for (const [i, id] of ids.entries()) {
          expect(id).toMatch(/^\d{16}$/)
          if (i > 0) expect(id > (ids[i - 1] as string)).toBe(true)
        }
      },
    ),
  )
})

test('ids go on beyond those of an earlier run, even if the clock was set back meanwhile', () => {
  const next = archiveIds('1999999999999999' as ArchiveId, () => 1_000_000_000_000)
  expect(next()).toBe('2000000000000000')
})
