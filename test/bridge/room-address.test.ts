// Room addresses made from lobbies: readable, valid, and leading back to the lobby.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRoomLocalpart, roomLocalpart, slugOf } from '../../src/bridge/room-address.ts'
import { normalizeLocal } from '../../src/stanza/jid.ts'
import type { LobbyId } from '../../src/util/ids.ts'

const id = '00ab12cd34ef5678' as LobbyId

test.each([
  ['RetroShare Dev: Chat!', 'retroshare-dev-chat'],
  ['  --Tea & Coffee--  ', 'tea-coffee'],
  ['Übung für Straße', 'übung-für-strasse'],
  ['ΛΌΓΟΣ', 'λόγοσ'],
  ['Чат 24/7', 'чат-24-7'],
  ['हिन्दी', 'हिन्दी'],
  ['Ｗｉｄｅ', 'wide'],
  ['☂☂☂', 'lobby'],
  ['', 'lobby'],
  ['a'.repeat(100), 'a'.repeat(40)],
])('a lobby called “%s” has the slug “%s”', (name, slug) => {
  expect(slugOf(name)).toBe(slug)
})

test('a localpart is slug and id, and leads back to the lobby', () => {
  expect(roomLocalpart({ id, name: 'Tea' })).toBe('tea.00ab12cd34ef5678')
  expect(parseRoomLocalpart('tea.00ab12cd34ef5678')).toEqual({ slug: 'tea', lobby: id })
})

test.each([
  'tea',
  'tea.',
  '.00ab12cd34ef5678',
  'tea.00ab12cd34ef567',
  'tea.00AB12CD34EF5678',
  'a.b.00ab12cd34ef5678x',
])('%s is no such localpart', (localpart) => {
  expect(parseRoomLocalpart(localpart)).toBe(undefined)
})

test('whatever a lobby is called, its localpart is valid, normal and leads back', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (name) => {
      const localpart = roomLocalpart({ id, name })
      expect(normalizeLocal(localpart)).toBe(localpart)
      expect(parseRoomLocalpart(localpart)?.lobby).toBe(id)
    }),
    { numRuns: 3_000 },
  )
})
