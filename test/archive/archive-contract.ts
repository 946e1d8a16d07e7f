// What every archive must do, whatever database is behind it: run by one test file for each.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Archive } from '../../src/archive/archive.ts'
import type { ArchiveEntry, ArchivePage, ArchiveQuery, ArchiveWrite } from '../../src/muc/archive-port.ts'
import type { ArchiveId } from '../../src/util/ids.ts'
import { entry, idAt, START_MS } from './entries.ts'

const query = (given: Partial<ArchiveQuery> = {}): ArchiveQuery => ({
  room: 'lobby',
  fromEnd: false,
  max: 100,
  withCount: false,
  ...given,
})

/** An archive of its own, empty, and how to be done with it. */
export interface OpenedArchive {
  readonly archive: Archive
  close(): Promise<void>
}

/** The same answer from a list, in the plainest way. */
function model(entries: readonly ArchiveEntry[], q: ArchiveQuery): ArchivePage | 'not-found' {
  const room = entries.filter((e) => e.room === q.room)
  const has = (id: ArchiveId): boolean => room.some((e) => e.id === id)
  for (const id of [...(q.ids ?? []), q.afterId, q.beforeId])
    if (id !== undefined && !has(id)) return 'not-found'
  const matching = room
    .filter((e) => q.startMs === undefined || Number(e.id) >= q.startMs * 1_000)
    .filter((e) => q.endMs === undefined || Number(e.id) < (q.endMs + 1) * 1_000)
    .filter((e) => q.occupantId === undefined || e.occupantId === q.occupantId)
    .filter((e) => q.nick === undefined || e.nick === q.nick)
    .filter((e) => q.ids?.includes(e.id) ?? true)
    .filter((e) => q.text === undefined || hasWords(e, q.text))
  const inBounds = matching
    .filter((e) => q.afterId === undefined || e.id > q.afterId)
    .filter((e) => q.beforeId === undefined || e.id < q.beforeId)
  const page = q.fromEnd ? inBounds.slice(Math.max(0, inBounds.length - q.max)) : inBounds.slice(0, q.max)
  const first = page[0]
  return {
    entries: page,
    isComplete: page.length === inBounds.length,
    total: q.withCount ? matching.length : null,
    firstIndex: q.withCount && first ? matching.indexOf(first) : null,
  }
}

/** As `text` finds words, for bodies of plain words. */
const hasWords = ({ body }: ArchiveEntry, text: string): boolean => {
  const [words, wanted] = [body ?? '', text].map((each) =>
    each
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter(Boolean),
  )
  return wanted?.length !== 0 && (wanted ?? []).every((word) => words?.includes(word))
}

/** Runs `work` with an empty archive. */
export type WithArchive = (work: (archive: Archive) => Promise<void>) => Promise<void>

export function archiveContract(name: string, open: () => Promise<OpenedArchive>): void {
  const withArchive: WithArchive = async (work) => {
    const opened = await open()
    try {
      await work(opened.archive)
    } finally {
      await opened.close()
    }
  }
  const page = async (archive: Archive, q: Partial<ArchiveQuery> = {}): Promise<ArchivePage> => {
    const answer = await archive.query(query(q))
    if (answer.kind !== 'page') throw new Error(answer.kind)
    return answer.page
  }
  const ids = (entries: readonly ArchiveEntry[]): string[] => entries.map((e) => e.id)

  describe(`an archive in ${name}`, () => {
    test('gives back what was stored, unchanged', () =>
      withArchive(async (archive) => {
        const stored = [
          entry(1, { body: null, kind: 'subject', occupantId: '', networkId: 'ab12' }),
          entry(2, { nick: 'Ünï ☂ 🦊', body: 'a\'b"<&>\n', xml: '<message>…</message>', atMs: 5 }),
        ]
        await archive.append(stored)
        expect((await page(archive)).entries).toEqual(stored)
      }))

    test('a network message is stored once per room, and the others of its commit are stored', () =>
      withArchive(async (archive) => {
        expect(
          await archive.append([
            entry(1, { networkId: 'a' }),
            entry(2, { networkId: 'a', body: 'again' }),
            entry(3, { networkId: null }),
            entry(4, { networkId: null }),
            entry(5, { networkId: 'a', room: 'other' }),
          ]),
        ).toEqual(['stored', 'duplicate', 'stored', 'stored', 'stored'])
        expect(await archive.append([entry(6, { networkId: 'a' })])).toEqual(['duplicate'])
        expect((await page(archive)).entries.map((e) => e.body)).toEqual(['text 1', 'text 3', 'text 4'])
        expect((await page(archive, { room: 'other' })).entries).toHaveLength(1)
        expect((await archive.stats()).messages).toBe(4)
      }))

    test('a commit that cannot be done leaves nothing behind', () =>
      withArchive(async (archive) => {
        await archive.append([entry(5)])
        await expect(archive.append([entry(6), entry(7), entry(4)])).rejects.toMatchObject({
          code: 'ARCHIVE_FAILED',
        })
        expect(ids((await page(archive)).entries)).toEqual([entry(5).id])
        expect((await archive.stats()).messages).toBe(1)
        expect(await archive.append([entry(6)])).toEqual(['stored'])
      }))

    test('an empty commit is done at once', () =>
      withArchive(async (archive) => {
        expect(await archive.append([])).toEqual([])
      }))

    test('an unknown room is an empty one', () =>
      withArchive(async (archive) => {
        const nothing = { entries: [], isComplete: true, total: 0, firstIndex: null }
        expect(await page(archive, { withCount: true })).toEqual(nothing)
        expect(await page(archive, { withCount: true, occupantId: 'x', fromEnd: true })).toEqual(nothing)
        expect(await archive.metadata('lobby')).toBe(null)
        expect(await archive.lastId()).toBe(null)
      }))

    test('an id that is not there is not found, be it of another room or no id at all', () =>
      withArchive(async (archive) => {
        await archive.append([entry(1), entry(2, { room: 'other' })])
        for (const id of [entry(2).id, entry(3).id, 'x', '', `${entry(1).id}.0`, '99999999999999999999'])
          for (const part of ['afterId', 'beforeId', 'ids'] as const)
            expect(
              await archive.query(query({ [part]: part === 'ids' ? [entry(1).id, id] : id })),
              `${part} ${id}`,
            ).toEqual({ kind: 'not-found' })
      }))

    test('times that no clock shows give an empty page', () =>
      withArchive(async (archive) => {
        await archive.append([entry(1)])
        expect((await page(archive, { startMs: 8.64e15 })).entries).toEqual([])
        expect((await page(archive, { endMs: -8.64e15 })).entries).toEqual([])
        expect((await page(archive, { startMs: -8.64e15, endMs: 8.64e15 })).entries).toHaveLength(1)
      }))

    test('the first and the last entry are the metadata', () =>
      withArchive(async (archive) => {
        await archive.append([entry(1), entry(2, { atMs: 7 }), entry(9, { room: 'other' })])
        expect(await archive.metadata('lobby')).toEqual({
          first: { id: entry(1).id, atMs: entry(1).atMs },
          last: { id: entry(2).id, atMs: 7 },
        })
        expect(await archive.lastId()).toBe(entry(9).id)
      }))

    test('pruning takes the oldest of all rooms, a batch at a time, and counts stay right', () =>
      withArchive(async (archive) => {
        await archive.append([1, 2, 3, 4, 5, 6].map((n) => entry(n, { room: n % 2 ? 'lobby' : 'other' })))
        expect(await archive.prune(START_MS + 5, 3)).toBe(3)
        expect(await archive.prune(START_MS + 5, 3)).toBe(1)
        expect(await archive.prune(START_MS + 5, 3)).toBe(0)
        expect(await page(archive, { withCount: true })).toMatchObject({ entries: [entry(5)], total: 1 })
        expect((await archive.stats()).messages).toBe(2)
        await archive.append([entry(7)])
        expect(await page(archive, { withCount: true, fromEnd: true, max: 1 })).toMatchObject({
          total: 2,
          firstIndex: 1,
          isComplete: false,
        })
        expect(await archive.prune(START_MS + 100, 10)).toBe(3)
        expect(await archive.metadata('lobby')).toBe(null)
        await archive.append([entry(200)])
        expect((await page(archive, { withCount: true })).total).toBe(1)
      }))

    test('an export has every entry of one room in order, over many batches', () =>
      withArchive(async (archive) => {
        const all = Array.from({ length: 1_203 }, (_, n) => entry(n, { room: n % 3 ? 'lobby' : 'other' }))
        await archive.append(all)
        const exported: ArchiveEntry[] = []
        for await (const one of archive.export('lobby')) exported.push(one)
        expect(exported).toEqual(all.filter((e) => e.room === 'lobby'))
      }))

    test('paging through, forward or back, meets every entry once', () =>
      withArchive(async (archive) => {
        const all = Array.from({ length: 25 }, (_, n) => entry(n))
        await archive.append(all)
        const forward: ArchiveEntry[] = []
        let at: Partial<ArchiveQuery> = {}
        for (let isComplete = false; !isComplete; ) {
          const got = await page(archive, { ...at, max: 4, withCount: true })
          expect(got.firstIndex).toBe(forward.length)
          forward.push(...got.entries)
          at = { afterId: got.entries.at(-1)?.id ?? idAt(0) }
          isComplete = got.isComplete
        }
        expect(forward).toEqual(all)
        const backward: ArchiveEntry[] = []
        at = {}
        for (let isComplete = false; !isComplete; ) {
          const got = await page(archive, { ...at, max: 4, fromEnd: true })
          backward.unshift(...got.entries)
          at = { beforeId: got.entries[0]?.id ?? idAt(0) }
          isComplete = got.isComplete
        }
        expect(backward).toEqual(all)
      }))

    describe('searching', () => {
      const bodies = async (archive: Archive, text: string, given: Partial<ArchiveQuery> = {}) =>
        (await page(archive, { text, ...given })).entries.map((e) => e.body)

      test('finds all words in any order and case, accents left aside', () =>
        withArchive(async (archive) => {
          const said = [
            'The Quick brown fox',
            'quick, brown!',
            'Brown bears',
            'Ünïcode café',
            'naïve fox',
            "don't",
          ]
          await archive.append(said.map((body, n) => entry(n, { body })))
          expect(await bodies(archive, 'BROWN quick')).toEqual(said.slice(0, 2))
          expect(await bodies(archive, 'brown')).toEqual(said.slice(0, 3))
          expect(await bodies(archive, 'brow')).toEqual([])
          expect(await bodies(archive, 'unicode CAFE')).toEqual([said[3]])
          expect(await bodies(archive, 'Naïve')).toEqual([said[4]])
          expect(await bodies(archive, "don't")).toEqual([said[5]])
          expect(await bodies(archive, 'brown — !')).toEqual(said.slice(0, 3))
        }))

      test('takes nothing that a user writes for syntax', () =>
        withArchive(async (archive) => {
          await archive.append([entry(1, { body: 'alpha' }), entry(2, { body: 'beta' })])
          const tried = [
            'alpha OR beta',
            'NOT alpha',
            'al*',
            'body:alpha',
            'alpha" OR "beta',
            '"',
            "'",
            '(',
            'NEAR(a b)',
          ]
          for (const text of [
            ...tried,
            '- alpha) (',
            '{body} : alpha',
            '^alpha',
            '\\',
            '%',
            '\0',
            ' ',
            '',
            '!!!',
            '☂',
          ])
            expect(await bodies(archive, text), text).toEqual(
              hasWords(entry(1, { body: 'alpha' }), text) ? ['alpha'] : [],
            )
          expect(await bodies(archive, 'alpha '.repeat(500))).toEqual(['alpha'])
        }))

      test('is of one room, and goes with every other filter', () =>
        withArchive(async (archive) => {
          const all = Array.from({ length: 30 }, (_, n) =>
            entry(n, {
              room: n % 3 === 0 ? 'other' : 'lobby',
              occupantId: n % 2 ? 'ann' : 'bob',
              body: n % 5 === 0 ? 'odd words' : `tea ${n}`,
            }),
          )
          await archive.append(all)
          const expected = all
            .filter((e) => e.room === 'lobby' && e.occupantId === 'bob' && e.body !== 'odd words')
            .filter((e) => e.atMs >= START_MS + 4 && e.atMs <= START_MS + 26)
          expect(expected.length).toBeGreaterThan(4)
          const given = { text: 'tea', occupantId: 'bob', startMs: START_MS + 4, endMs: START_MS + 26 }
          expect((await page(archive, given)).entries).toEqual(expected)
          expect(await page(archive, { ...given, max: 2, fromEnd: true })).toMatchObject({
            entries: expected.slice(-2),
            isComplete: false,
          })
          const ids = [
            ...expected.slice(1, 3),
            ...all.filter((e) => e.room === 'lobby' && e.body === 'odd words'),
          ]
          expect((await page(archive, { text: 'tea', ids: ids.map((e) => e.id) })).entries).toEqual(
            expected.slice(1, 3),
          )
        }))
    })

    test('a message and its corrections are found by any of them', () =>
      withArchive(async (archive) => {
        const corrects = (n: number, given: Partial<ArchiveEntry> = {}): ArchiveEntry =>
          entry(n, { corrects: entry(2).id, ...given })
        const all = [entry(1), entry(2), entry(3), corrects(4), entry(5), corrects(6)]
        await archive.append([...all, corrects(7, { room: 'other' })])
        expect((await page(archive)).entries).toEqual(all)
        for (const n of [2, 4, 6])
          expect((await page(archive, { revisionsOf: entry(n).id })).entries).toEqual([
            entry(2),
            corrects(4),
            corrects(6),
          ])
        expect((await page(archive, { revisionsOf: entry(5).id })).entries).toEqual([entry(5)])
        for (const n of [7, 9])
          expect(await archive.query(query({ revisionsOf: entry(n).id }))).toEqual({ kind: 'not-found' })
        await archive.prune(START_MS + 3, 10)
        expect((await page(archive, { revisionsOf: entry(6).id })).entries).toEqual([
          corrects(4),
          corrects(6),
        ])
      }))

    test('a folded page has no corrections, but the last of each message', () =>
      withArchive(async (archive) => {
        const corrects = (n: number, of: number): ArchiveEntry => entry(n, { corrects: entry(of).id })
        await archive.append([
          entry(1),
          entry(2),
          corrects(3, 1),
          entry(4, { kind: 'subject', body: null }),
          corrects(5, 1),
          entry(6, { kind: 'gap', occupantId: '', nick: '' }),
          corrects(7, 2),
          entry(8, { room: 'other' }),
          {
            ...entry(9, { kind: 'retraction', body: null }),
            retracts: [{ id: entry(2).id, xml: '<message/>' }],
          },
        ])
        const folded = [
          { ...entry(1), latest: entry(5).xml },
          entry(2, { kind: 'retracted', body: null, xml: '<message/>' }),
          entry(6, { kind: 'gap', occupantId: '', nick: '' }),
        ]
        const last = await page(archive, { isFolded: true, fromEnd: true, max: 2 })
        expect(last).toEqual({ entries: folded.slice(1), isComplete: false, total: null, firstIndex: null })
        const before = entry(2).id
        expect(await page(archive, { isFolded: true, fromEnd: true, beforeId: before })).toMatchObject({
          entries: folded.slice(0, 1),
          isComplete: true,
        })
        expect((await page(archive, { isFolded: true, afterId: entry(1).id })).entries).toEqual(
          folded.slice(1),
        )
      }))

    describe('taking back', () => {
      const tombstone = (n: number): ArchiveEntry =>
        entry(n, { kind: 'retracted', body: null, xml: '<message><retracted/></message>' })
      const retraction = (n: number, of: number, given: Partial<ArchiveEntry> = {}) => ({
        ...entry(n, given),
        retracts: [{ id: entry(of).id, xml: tombstone(of).xml }],
      })

      test('leaves what says that there was a message, in its place, and is stored itself', () =>
        withArchive(async (archive) => {
          await archive.append([entry(1, { networkId: 'a' }), entry(2), entry(3)])
          expect(await archive.append([retraction(4, 1), retraction(5, 3), entry(6)])).toHaveLength(3)
          const { entries } = await page(archive)
          expect(entries).toEqual([
            { ...tombstone(1), networkId: 'a' },
            entry(2),
            tombstone(3),
            entry(4),
            entry(5),
            entry(6),
          ])
          expect((await page(archive, { text: 'text' })).entries.map((e) => e.id)).toEqual(
            [2, 4, 5, 6].map((n) => entry(n).id),
          )
          expect((await archive.stats()).messages).toBe(6)
          expect(await archive.append([entry(7, { networkId: 'a' })])).toEqual(['duplicate'])
        }))

      test('of an entry of the same commit, of one that is gone, and of another room', () =>
        withArchive(async (archive) => {
          await archive.append([entry(1), entry(2, { room: 'other' })])
          await archive.append([entry(3), retraction(4, 3), retraction(5, 2), retraction(6, 99)])
          expect((await page(archive)).entries.map((e) => e.kind)).toEqual([
            'message',
            'retracted',
            'message',
            'message',
            'message',
          ])
          expect((await page(archive, { room: 'other' })).entries).toEqual([entry(2, { room: 'other' })])
        }))

      test('of several entries at once', () =>
        withArchive(async (archive) => {
          await archive.append([1, 2, 3].map((n) => entry(n)))
          const retracts = [1, 3].map((n) => ({ id: entry(n).id, xml: tombstone(n).xml }))
          await archive.append([{ ...entry(4, { kind: 'retraction' }), retracts }])
          expect((await page(archive)).entries).toEqual([
            tombstone(1),
            entry(2),
            tombstone(3),
            entry(4, { kind: 'retraction' }),
          ])
        }))

      test('twice is as good as once; by a duplicate or by a commit that fails it is nothing', () =>
        withArchive(async (archive) => {
          await archive.append([entry(1), entry(2, { networkId: 'n' })])
          await archive.append([retraction(3, 1, { networkId: 'n' })])
          await expect(archive.append([retraction(4, 1), entry(0)])).rejects.toMatchObject({
            code: 'ARCHIVE_FAILED',
          })
          expect((await page(archive, { text: 'text' })).entries).toHaveLength(2)
          await archive.append([retraction(5, 1), retraction(6, 1)])
          expect((await page(archive)).entries[0]).toEqual(tombstone(1))
          expect(await archive.prune(START_MS + 100, 10)).toBe(4)
          expect((await page(archive, { text: 'text' })).entries).toEqual([])
        }))
    })

    test('paging through while messages come, are taken back and are pruned meets each that stays, once', async () => {
      type Meanwhile = 'nothing' | 'append' | 'take back' | 'prune'
      const steps = fc.array(
        fc.record({
          max: fc.integer({ min: 1, max: 6 }),
          meanwhile: fc.constantFrom<Meanwhile>('nothing', 'append', 'take back', 'prune'),
          which: fc.nat(99),
        }),
        { minLength: 30, maxLength: 30 },
      )
      await withArchive(async (archive) => {
        let n = 0
        const append = async (given: Partial<ArchiveWrite> = {}): Promise<ArchiveId> => {
          const write = { ...entry(++n), ...given }
          await archive.append([write])
          return write.id
        }
        await fc.assert(
          fc.asyncProperty(
            steps,
            fc.integer({ min: 0, max: 30 }),
            fc.boolean(),
            async (all, count, isBack) => {
              await archive.prune(Number.MAX_SAFE_INTEGER, 10_000)
              const first: ArchiveId[] = []
              for (let i = 0; i < count; i++) first.push(await append())
              const later: ArchiveId[] = []
              const seen: ArchiveId[] = []
              let gone = 0
              for (const { max, meanwhile, which } of all) {
                const edge = isBack ? seen[0] : seen.at(-1)
                const bound = edge === undefined ? {} : isBack ? { beforeId: edge } : { afterId: edge }
                const answer = await archive.query(query({ ...bound, fromEnd: isBack, max }))
                // What was seen last is pruned, and with it all that is older.
                const found =
                  answer.kind === 'page' ? answer.page : isBack ? undefined : await page(archive, { max })
                if (!found) break
                if (isBack) seen.unshift(...found.entries.map((e) => e.id))
                else seen.push(...found.entries.map((e) => e.id))
                if (found.isComplete && meanwhile !== 'append') break
                const kept = [...first, ...later].slice(gone)
                const target = kept[which % Math.max(1, kept.length)]
                if (meanwhile === 'append') later.push(await append())
                else if (meanwhile === 'take back' && target)
                  later.push(await append({ kind: 'retraction', retracts: [{ id: target, xml: '<gone/>' }] }))
                else if (meanwhile === 'prune' && kept.length > 0)
                  gone += await archive.prune(Number.MAX_SAFE_INTEGER, 1 + (which % 3))
              }
              expect(seen).toEqual([...new Set(seen)].sort())
              // Forwards all that stays is met, or the steps ran out; backwards all of it that was there at first.
              const stays = [...first, ...later].slice(gone)
              const wanted = isBack ? stays.filter((id) => first.includes(id)) : stays
              const reach = isBack
                ? wanted.filter((id) => id >= (seen[0] ?? ''))
                : wanted.filter((id) => id <= (seen.at(-1) ?? ''))
              expect(reach.filter((id) => !seen.includes(id))).toEqual([])
            },
          ),
          { numRuns: 40 },
        )
      })
    })

    test('every page is the one that a plain list gives, for any entries, pruning and query', async () => {
      const step = fc.record({
        gap: fc.integer({ min: 1, max: 2_500 }),
        room: fc.constantFrom('lobby', 'other'),
        occupantId: fc.constantFrom('ann', 'bob', ''),
        nick: fc.constantFrom('Ann', 'Ünï ☂', ''),
        networkId: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { nil: null }),
        body: fc.option(fc.constantFrom('tea', 'tea for two', 'two cups', 'cups of TEA'), { nil: null }),
        /** How far back the entry is that this one takes back; 0: it takes none back. */
        takesBack: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(9) }),
      })
      const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
        fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })
      const index = fc.nat(99)
      const queries = fc.record({
        room: fc.constantFrom('lobby', 'other'),
        start: rarely(index),
        end: rarely(index),
        who: rarely(
          fc.oneof(
            fc.constantFrom('ann', 'bob', 'cyd').map((occupantId) => ({ occupantId })),
            fc.constantFrom('Ann', 'Ünï ☂', 'ann').map((nick) => ({ nick })),
          ),
        ),
        after: rarely(index),
        before: rarely(index),
        ids: rarely(fc.array(index, { maxLength: 5 })),
        text: rarely(fc.constantFrom('tea', 'two tea', 'CUPS', 'milk', '…')),
        fromEnd: fc.boolean(),
        max: fc.nat(12),
        withCount: fc.boolean(),
      })
      await withArchive(async (archive) => {
        let baseMs = START_MS
        await fc.assert(
          fc.asyncProperty(
            fc.array(step, { minLength: 1, maxLength: 60 }),
            fc.nat(3),
            fc.array(queries, { minLength: 5, maxLength: 20 }),
            async (steps, pruned, wanted) => {
              await archive.prune(Number.MAX_SAFE_INTEGER, 1_000)
              let micros = 0
              const given: ArchiveEntry[] = []
              const writes: ArchiveWrite[] = []
              for (const { gap, takesBack, ...rest } of steps) {
                micros += gap
                const made = entry(0, { ...rest, id: idAt(baseMs, micros) })
                const target = takesBack === 0 ? undefined : given.at(-takesBack)
                given.push(made)
                writes.push({ ...made, ...(target && { retracts: [{ id: target.id, xml: '<gone/>' }] }) })
              }
              const outcomes = await archive.append(writes)
              const taken = new Set<string>()
              for (const [i, { room, retracts }] of writes.entries())
                if (outcomes[i] === 'stored') for (const { id } of retracts ?? []) taken.add(`${room} ${id}`)
              let kept = given
                .filter((_, i) => outcomes[i] === 'stored')
                .map((e) =>
                  taken.has(`${e.room} ${e.id}`)
                    ? { ...e, kind: 'retracted' as const, body: null, xml: '<gone/>' }
                    : e,
                )
              const seen = new Set<string>()
              for (const [i, e] of given.entries()) {
                const key = `${e.room} ${e.networkId}`
                expect(outcomes[i]).toBe(e.networkId !== null && seen.has(key) ? 'duplicate' : 'stored')
                seen.add(key)
              }
              await archive.prune(Number.MAX_SAFE_INTEGER, pruned)
              kept = kept.slice(pruned)
              for (const { start, end, after, before, ids: asked, who, text, ...rest } of wanted) {
                const inRoom = kept.filter((e) => e.room === rest.room)
                // Now and then an id that is not in the room: of another one, a duplicate's, or pruned.
                const idOf = (n: number): ArchiveId => {
                  const from = n % 10 === 0 || inRoom.length === 0 ? given : inRoom
                  return from[n % from.length]?.id ?? idAt(0)
                }
                const timeOf = (n: number): number => Math.floor(Number(idOf(n)) / 1_000)
                const q: ArchiveQuery = {
                  ...rest,
                  ...(text !== undefined && { text }),
                  withCount: rest.withCount && text === undefined && !(who && 'nick' in who),
                  ...who,
                  ...(start !== undefined && { startMs: timeOf(start) }),
                  ...(end !== undefined && { endMs: timeOf(end) }),
                  ...(after !== undefined && { afterId: idOf(after) }),
                  ...(before !== undefined && { beforeId: idOf(before) }),
                  ...(asked !== undefined && { ids: asked.map(idOf) }),
                }
                const expected = model(kept, q)
                const answer = await archive.query(q)
                expect(answer.kind === 'page' ? answer.page : answer.kind).toEqual(expected)
              }
              baseMs += 1_000
            },
          ),
          { numRuns: 150 },
        )
      })
    })
  })
}
