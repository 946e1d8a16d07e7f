// Rooms, nick holders, accounts and single values: what each table promises, whatever database is behind it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RoomRow, Store } from '../../src/archive/store.ts'
import type { AffiliationRecord } from '../../src/muc/room-state.ts'
import type { LobbyId, NetworkId, ParticipantId } from '../../src/util/ids.ts'
import {
  MAX_LIST_CHARACTERS,
  MAX_LIST_ENTRIES,
  MAX_PRIVATE_KEYS,
  type ScramCredentials,
} from '../../src/xmpp/account-port.ts'

const room = (localpart: string, given: Partial<RoomRow> = {}): RoomRow => ({
  localpart,
  network: 'retroshare' as NetworkId,
  lobby: `lobby of ${localpart}` as LobbyId,
  name: 'Tea',
  createdBy: null,
  subject: '',
  createdAtMs: 1_790_000_000_000,
  ...given,
})

/** `open` opens a new store, which it resolves with together with what opens it again. */
export function tablesContract(
  name: string,
  open: () => Promise<{ readonly store: Store; reopen(): Promise<Store> }>,
): void {
  describe(`tables in ${name}`, () => {
    let store: Store
    let again: () => Promise<Store>
    beforeEach(async () => {
      const opened = await open()
      store = opened.store
      again = opened.reopen
    })
    afterEach(() => store.close())
    async function reopen(): Promise<void> {
      await store.close()
      store = await again()
    }

    test('occupants from outside are there after a restart, each session once in a room', async () => {
      const row = (session: string, nick: string, room = 'a') => ({
        room,
        session,
        nick,
        presence: '<presence/>',
      })
      await store.occupants.apply([row('x@h/1', 'X'), row('y@h/1', 'Y'), row('x@h/1', 'X', 'b')], [])
      await store.occupants.apply([row('x@h/1', 'Ξ')], [{ room: 'a', session: 'y@h/1' }])
      await reopen()
      expect(await store.occupants.all()).toEqual([row('x@h/1', 'Ξ'), row('x@h/1', 'X', 'b')])
      await store.occupants.clear()
      expect(await store.occupants.all()).toEqual([])
    })

    describe('rooms', () => {
      test('are there again after a restart, as they were added and changed', async () => {
        await store.rooms.add(room('b', { createdBy: 'ann@localhost', name: "O'Tea ☂" }))
        await store.rooms.add(room('a'))
        expect(await store.rooms.update('a', { subject: 'Cups' })).toBe(true)
        expect(await store.rooms.update('a', { name: 'Coffee' })).toBe(true)
        expect(await store.rooms.update('nowhere', { name: 'x' })).toBe(false)
        await store.rooms.add(room('gone'))
        expect(await store.rooms.remove('gone')).toBe(true)
        expect(await store.rooms.remove('gone')).toBe(false)
        await reopen()
        expect(await store.rooms.all()).toEqual([
          room('a', { name: 'Coffee', subject: 'Cups' }),
          room('b', { createdBy: 'ann@localhost', name: "O'Tea ☂" }),
        ])
      })

      test('share neither localpart nor lobby', async () => {
        expect(await store.rooms.add(room('a'))).toBe(true)
        expect(await store.rooms.add(room('a', { lobby: 'another' as LobbyId }))).toBe(false)
        expect(await store.rooms.add(room('b', { lobby: room('a').lobby }))).toBe(false)
        expect(await store.rooms.all()).toEqual([room('a')])
      })

      test('an alias names one room, can be moved, and is never the name of a room', async () => {
        await store.rooms.add(room('a'))
        await store.rooms.add(room('b'))
        expect(await store.rooms.putAlias('tea', 'a')).toBe('stored')
        expect(await store.rooms.putAlias('tea', 'b')).toBe('stored')
        expect(await store.rooms.putAlias('b', 'a')).toBe('taken')
        expect(await store.rooms.putAlias('x', 'nowhere')).toBe('no-room')
        expect(await store.rooms.add(room('tea'))).toBe(false)
        await reopen()
        expect(await store.rooms.aliases()).toEqual(new Map([['tea', 'b']]))
      })
    })

    describe('nick holders', () => {
      const p = (n: number): ParticipantId => String(n).repeat(32) as ParticipantId
      test('are kept per room in the order of their claims; a nick that is let go is free', async () => {
        await store.nicks.apply('a', [
          { nick: 'Zoe', participant: p(1) },
          { nick: 'Ann', participant: p(2) },
          { nick: 'Bob', participant: p(3) },
        ])
        await store.nicks.apply('b', [{ nick: 'Ann', participant: p(4) }])
        await store.nicks.apply('a', [
          { nick: 'Bob', participant: null },
          { nick: 'Zoe', participant: p(5) },
        ])
        await reopen()
        expect(await store.nicks.holders('a')).toEqual([
          { nick: 'Ann', participant: p(2) },
          { nick: 'Zoe', participant: p(5) },
        ])
        expect(await store.nicks.holders('b')).toEqual([{ nick: 'Ann', participant: p(4) }])
        expect(await store.nicks.holders('c')).toEqual([])
      })
    })

    describe('what owners decided', () => {
      const record = (address: string, affiliation: AffiliationRecord['affiliation']): AffiliationRecord => ({
        address,
        affiliation,
        reason: 'a "reason"',
        nick: 'Ünï ☂',
      })
      const write = { records: [], forgotten: [] }

      test('is kept by room: settings, lobby, tombstone and affiliations, each until it is written again', async () => {
        const lobby = { name: 'Den', isPrivate: true, isSigned: false }
        const [ann, bob] = [
          { ...record('ann@x', 'owner'), isStaying: true },
          { ...record('bob@x', 'outcast'), isStaying: false },
        ]
        await store.roomStates.save('a', {
          ...write,
          settings: { isModerated: true, password: "it's" },
          lobby,
        })
        await store.roomStates.save('a', { ...write, records: [ann, bob] })
        await store.roomStates.save('b', { ...write, records: [bob] })
        await reopen()
        const a = { settings: { isModerated: true, password: "it's" }, lobby, tombstone: null }
        expect(await store.roomStates.all()).toEqual(
          new Map([
            ['a', { ...a, affiliations: [ann, bob] }],
            ['b', { settings: {}, lobby: null, tombstone: null, affiliations: [bob] }],
          ]),
        )
        const tombstone = { kind: 'destroyed' as const, reason: 'moved', alternate: null }
        const member = record('bob@x', 'member')
        await store.roomStates.save('a', { tombstone, records: [member], forgotten: ['ann@x'] })
        expect((await store.roomStates.all()).get('a')).toEqual({ ...a, tombstone, affiliations: [member] })
        await store.roomStates.save('a', { ...write, tombstone: null })
        expect((await store.roomStates.all()).get('a')?.tombstone).toBe(null)
        await store.roomStates.remove('a')
        expect([...(await store.roomStates.all()).keys()]).toEqual(['b'])
      })
    })

    describe.each(['mentions', 'operatorMail'] as const)('%s', (table) => {
      const add = (account: string, xml: string, stanzas: number, characters = 100): Promise<number> =>
        store[table].add(account, xml, { stanzas, characters })
      const texts = async (account: string): Promise<string[]> =>
        (await store[table].of(account)).map(({ xml }) => xml)

      test('wait in order, as many as may, until they are removed', async () => {
        expect(await Promise.all(['a1', 'a2', 'a3'].map((text) => add('ann@x', text, 2)))).toEqual([0, 0, 1])
        await add('bob@x', 'b1', 2)
        await reopen()
        expect(await store[table].accounts()).toEqual(['ann@x', 'bob@x'])
        expect(await texts('ann@x')).toEqual(['a2', 'a3'])
        await store[table].remove('ann@x', (await store[table].of('ann@x'))[0]?.place ?? 0)
        expect(await texts('ann@x')).toEqual(['a3'])
        await store[table].clear('ann@x')
        expect(await store[table].accounts()).toEqual(['bob@x'])
      })

      test('wait until they have too many characters; one that is too long does not wait', async () => {
        for (const text of ['1234', '567', '89']) await add('ann@x', text, 9, 9)
        await add('bob@x', '1234567', 9, 9)
        expect(await texts('ann@x')).toEqual(['1234', '567', '89'])
        expect(await add('ann@x', 'ab', 9, 9)).toBe(1)
        expect(await texts('ann@x')).toEqual(['567', '89', 'ab'])
        expect(await add('ann@x', '123456789', 9, 9)).toBe(3)
        expect(await texts('ann@x')).toEqual(['123456789'])
        expect(await add('ann@x', '1234567890', 9, 9)).toBe(2)
        expect(await store[table].accounts()).toEqual(['bob@x'])
      })
    })

    describe('hearing', () => {
      test('is kept per room; silence begins where it had not begun', async () => {
        const heard = { room: 'a', deafSinceMs: null, gaps: 0, lastGap: null }
        const deaf = { room: 'b', deafSinceMs: 5, gaps: 2, lastGap: { fromMs: 1, toMs: 4 } }
        await store.hearing.put({ ...heard, deafSinceMs: 3 })
        await store.hearing.put(heard)
        await store.hearing.put(deaf)
        await reopen()
        expect(await store.hearing.all()).toEqual([heard, deaf])
        await store.hearing.silence(9)
        expect(await store.hearing.all()).toEqual([{ ...heard, deafSinceMs: 9 }, deaf])
      })
    })

    describe('accounts', () => {
      const credentials = (seed: number): ScramCredentials => ({
        salt: new Uint8Array(16).fill(seed),
        iterations: 4096 + seed,
        sha1: { storedKey: new Uint8Array(20).fill(seed + 1), serverKey: new Uint8Array(20).fill(seed + 2) },
        sha256: {
          storedKey: new Uint8Array(32).fill(seed + 3),
          serverKey: new Uint8Array(32).fill(seed + 4),
        },
      })

      test('are found with their credentials; a new password keeps the data', async () => {
        await store.accounts.put('ann', credentials(1))
        await store.accounts.putVcard('ann', '<vCard/>')
        await store.accounts.putPrivateXml('ann', '{storage:bookmarks}storage', '<storage/>')
        await store.accounts.put('ann', credentials(2))
        await store.accounts.put('abe', credentials(3))
        await reopen()
        expect(await store.accounts.find('ann')).toEqual(credentials(2))
        expect(await store.accounts.vcard('ann')).toBe('<vCard/>')
        expect(await store.accounts.privateXml('ann', '{storage:bookmarks}storage')).toBe('<storage/>')
        expect(await store.accounts.list()).toEqual(['abe', 'ann'])
      })

      test('that do not exist have nothing and keep nothing', async () => {
        expect(await store.accounts.find('ann')).toBe(undefined)
        expect(await store.accounts.vcard('ann')).toBe(undefined)
        expect(await store.accounts.privateXml('ann', 'k')).toBe(undefined)
        expect(await store.accounts.putVcard('ann', '<vCard/>')).toBe(false)
        expect(await store.accounts.putPrivateXml('ann', 'k', '<k/>')).toBe(false)
        expect(await store.accounts.remove('ann')).toBe(false)
      })

      test('that are removed leave no data to a successor', async () => {
        await store.accounts.put('ann', credentials(1))
        await store.accounts.putVcard('ann', '<vCard/>')
        await store.accounts.putPrivateXml('ann', 'k', '<k/>')
        expect(await store.accounts.remove('ann')).toBe(true)
        await store.accounts.put('ann', credentials(2))
        expect(await store.accounts.vcard('ann')).toBe(undefined)
        expect(await store.accounts.privateXml('ann', 'k')).toBe(undefined)
      })

      test('hold a limited number of private elements, each replaceable at the limit', async () => {
        await store.accounts.put('ann', credentials(1))
        for (let n = 0; n < MAX_PRIVATE_KEYS; n++)
          expect(await store.accounts.putPrivateXml('ann', `k${n}`, '<k/>')).toBe(true)
        expect(await store.accounts.putPrivateXml('ann', 'one more', '<k/>')).toBe(false)
        expect(await store.accounts.putPrivateXml('ann', 'k0', '<new/>')).toBe(true)
        expect(await store.accounts.privateXml('ann', 'k0')).toBe('<new/>')
        expect(await store.accounts.privateXml('ann', 'one more')).toBe(undefined)
      })
    })

    describe('lists of accounts', () => {
      const credentials: ScramCredentials = {
        salt: new Uint8Array(16),
        iterations: 1,
        sha1: { storedKey: new Uint8Array(20), serverKey: new Uint8Array(20) },
        sha256: { storedKey: new Uint8Array(32), serverKey: new Uint8Array(32) },
      }
      beforeEach(() => store.accounts.put('ann', credentials))
      const put = (id: string, text: string, list = 'l', account = 'ann') =>
        store.accounts.putEntry(account, list, { id, text })

      test('keep texts in the order in which they were put last, per account and name', async () => {
        await store.accounts.put('abe', credentials)
        for (const id of ['a', 'b', 'c', 'a']) expect(await put(id, `<${id}/>`)).toBe(true)
        await put('x', '<x/>', 'other')
        await put('x', '<x/>', 'l', 'abe')
        await reopen()
        expect(await store.accounts.entries('ann', 'l')).toEqual([
          { id: 'b', text: '<b/>' },
          { id: 'c', text: '<c/>' },
          { id: 'a', text: '<a/>' },
        ])
        expect(await store.accounts.entry('ann', 'l', 'c')).toBe('<c/>')
        expect(await store.accounts.entry('ann', 'l', 'x')).toBe(undefined)
        expect(await store.accounts.removeEntry('ann', 'l', 'c')).toBe(true)
        expect(await store.accounts.removeEntry('ann', 'l', 'c')).toBe(false)
        await store.accounts.clearList('ann', 'l')
        expect(await store.accounts.entries('ann', 'l')).toEqual([])
        expect(await store.accounts.entries('ann', 'other')).toHaveLength(1)
        expect(await store.accounts.entries('abe', 'l')).toHaveLength(1)
      })

      test('are kept for accounts that exist, and go with them', async () => {
        expect(await put('a', '<a/>', 'l', 'nobody')).toBe(false)
        await put('a', '<a/>')
        await store.accounts.remove('ann')
        await store.accounts.put('ann', credentials)
        expect(await store.accounts.entries('ann', 'l')).toEqual([])
      })

      test('have room for so many characters in all; an entry can be replaced at the limit', async () => {
        const half = 'x'.repeat(MAX_LIST_CHARACTERS / 2)
        expect(await put('a', half)).toBe(true)
        expect(await put('b', half, 'other')).toBe(true)
        expect(await put('c', 'x')).toBe(false)
        expect(await put('a', half)).toBe(true)
        expect(await put('a', `${half}x`)).toBe(false)
        expect(await store.accounts.entry('ann', 'l', 'a')).toBe(half)
      })

      test('have room for so many entries in all', async () => {
        for (let n = 0; n < MAX_LIST_ENTRIES; n++) await put(String(n), '')
        expect(await put('more', '')).toBe(false)
        expect(await put('0', 'again')).toBe(true)
      })
    })

    test('a single value is what it was last set to', async () => {
      expect(await store.meta.get('secret')).toBe(undefined)
      await store.meta.set('secret', 'a')
      await store.meta.set('secret', 'b')
      expect(await store.meta.get('secret')).toBe('b')
    })

    test('calls that do not wait for each other take effect in the order in which they are made', async () => {
      const p = (n: number): ParticipantId => String(n).repeat(32) as ParticipantId
      const [, aliased, , , holders, value] = await Promise.all([
        store.rooms.add(room('a')),
        store.rooms.putAlias('tea', 'a'),
        store.nicks.apply('a', [
          { nick: 'Ann', participant: p(1) },
          { nick: 'Bob', participant: p(2) },
        ]),
        store.meta.set('secret', 'a'),
        store.nicks.holders('a'),
        store.meta.get('secret'),
        store.nicks.apply('a', [{ nick: 'Bob', participant: null }]),
        store.meta.set('secret', 'b'),
      ])
      expect(aliased).toBe('stored')
      expect(holders.map(({ nick }) => nick)).toEqual(['Ann', 'Bob'])
      expect(value).toBe('a')
      expect(await store.nicks.holders('a')).toHaveLength(1)
    })

    test('changes of which one fails leave nothing behind, and nothing open', async () => {
      const broken = { nick: 'Bob', participant: undefined as unknown as ParticipantId }
      await expect(
        store.nicks.apply('a', [{ nick: 'Ann', participant: '1'.repeat(32) as ParticipantId }, broken]),
      ).rejects.toMatchObject({ code: 'ARCHIVE_FAILED' })
      expect(await store.nicks.holders('a')).toEqual([])
      await store.nicks.apply('a', [{ nick: 'Ann', participant: '2'.repeat(32) as ParticipantId }])
      expect(await store.nicks.holders('a')).toHaveLength(1)
    })
  })
}
