// Nicks of foreign participants: legal, unique, the same again after leaving, renaming and restarting.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { legalNick, type NickClaim, NickTable } from '../../src/bridge/nicks.ts'
import { normalizeResource } from '../../src/stanza/jid.ts'
import type { ParticipantId } from '../../src/util/ids.ts'

const p = (hex: string): ParticipantId => hex.padEnd(32, '0') as ParticipantId
const [A, B, C] = [p('aaaa1'), p('bbbb2'), p('bbbb3')]

/** What a caller stores: holders in the order of their claims. */
class Stored {
  readonly holders = new Map<string, ParticipantId>()
  keep(claims: readonly NickClaim[]): void {
    for (const { nick, participant } of claims) {
      this.holders.delete(nick)
      if (participant !== null) this.holders.set(nick, participant)
    }
  }
  list(): { nick: string; participant: ParticipantId }[] {
    return [...this.holders].map(([nick, participant]) => ({ nick, participant }))
  }
}

describe('a nick', () => {
  test('is plain for the first, and gets four digits of the identity for the next, eight if need be', () => {
    const table = new NickTable()
    expect(table.enter(A, 'Ann')).toEqual({ nick: 'Ann', claims: [{ nick: 'Ann', participant: A }] })
    expect(table.enter(B, 'Ann')).toEqual({ nick: 'Ann (bbbb)', claims: [] })
    expect(table.enter(C, 'Ann').nick).toBe('Ann (bbbb3000)')
    expect(table.enter(A, 'Ann')).toEqual({ nick: 'Ann', claims: [] })
  })

  test('has nothing that older servers refuse in addresses where they are, and is never empty', () => {
    const table = new NickTable([], true)
    expect(table.enter(A, 'Böb ☕ 😀 Größe').nick).toBe('Böb Größe')
    expect(table.enter(B, '😀').nick).toBe('bbbb2000')
    expect(table.enter(C, 'ＡＢ 漢字 Ωмега ☺ 🄰').nick).toBe('AB 漢字 Ωмега ☺ A')
    expect(new NickTable().enter(A, 'Böb ☕').nick).toBe('Böb ☕')
  })

  test('stays with its first holder while away and after a restart', () => {
    const stored = new Stored()
    const before = new NickTable()
    stored.keep(before.enter(A, 'Ann').claims)
    stored.keep(before.enter(B, 'Ann').claims)
    before.leave(A)
    expect(before.enter(C, 'Ann').nick).toBe('Ann (bbbb3000)')
    const after = new NickTable(stored.list())
    expect(after.enter(B, 'Ann').nick).toBe('Ann (bbbb)')
    expect(after.enter(A, 'Ann').nick).toBe('Ann')
  })

  test('of a present XMPP user is not taken', () => {
    const table = new NickTable()
    table.localEntered('Ann')
    expect(table.enter(A, 'Ann')).toEqual({ nick: 'Ann (aaaa)', claims: [] })
    table.localLeft('Ann')
    expect(table.enter(A, 'Ann').nick).toBe('Ann')
  })

  test('is let go when its holder takes another', () => {
    const table = new NickTable()
    table.enter(A, 'Ann')
    expect(table.enter(A, 'Anna')).toEqual({
      nick: 'Anna',
      claims: [
        { nick: 'Ann', participant: null },
        { nick: 'Anna', participant: A },
      ],
    })
    expect(table.shown(A)).toBe('Anna')
    expect(table.enter(B, 'Ann').nick).toBe('Ann')
  })

  test('that imitates another’s addition does not become another’s', () => {
    const table = new NickTable()
    table.enter(A, 'Ann')
    table.enter(C, 'Ann (bbbb)')
    expect(table.enter(B, 'Ann').nick).toBe('Ann (bbbb2000)')
    table.enter(p('cccc'), 'Ann (bbbb2000)')
    expect(table.shown(p('cccc'))).toBe('Ann (bbbb2000) (cccc)')
  })

  test('of someone who is not there can be asked for', () => {
    const table = new NickTable()
    table.enter(A, 'Ann')
    expect(table.nickFor(B, 'Ann').nick).toBe('Ann (bbbb)')
    expect(table.isPresent(B)).toBe(false)
    expect(table.shown(B)).toBe(undefined)
  })

  test('holders are forgotten beyond the limit, those who are away longest first', () => {
    const table = new NickTable(
      Array.from({ length: 10_000 }, (_, n) => ({ nick: `n${n}`, participant: p(`a${n}b`) })),
    )
    table.enter(p('a0b'), 'n0')
    const { claims } = table.enter(B, 'Ann')
    expect(claims).toEqual([
      { nick: 'Ann', participant: B },
      { nick: 'n1', participant: null },
    ])
    expect(table.enter(C, 'n1').nick).toBe('n1')
    expect(table.enter(C, 'n0').nick).toBe('n0 (bbbb)')
  })
})

describe('a legal nick', () => {
  test.each([
    ['Ann', 'Ann'],
    ['  Ann \t B\n', 'Ann B'],
    ['A\u0000n\u001B[1mn\u202E', 'An[1mn'],
    ['Zo\u0308e', 'Zöe'],
    ['Ａｎｎ', 'Ann'],
    ['a\u00A0\u3000b', 'a b'],
    ['\u200B\u200D\uFEFF', ''],
    ['', ''],
    ['☂ 🦊', '☂ 🦊'],
    ['x'.repeat(2_000), 'x'.repeat(64)],
  ])('of %j is %j', (given, legal) => {
    expect(legalNick(given)).toBe(legal)
  })

  test('is made of the identity when nothing is left', () => {
    expect(new NickTable().enter(A, '\u200B').nick).toBe('aaaa1000')
  })
})

test('whatever participants and users do, nicks are legal, unique, and stored holders are those of the table', () => {
  const who = fc.constantFrom(A, B, C, p('aaaa2'), p('cccc'))
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('Ann', 'Bob', 'Ann (aaaa)', 'Ann (bbbb)', 'ａnn', '') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
  const act = fc.oneof(
    fc.record({ kind: fc.constant('enter' as const), who, name }),
    fc.record({ kind: fc.constant('ask' as const), who, name }),
    fc.record({ kind: fc.constant('leave' as const), who }),
    fc.record({
      kind: fc.constantFrom('local' as const, 'gone' as const),
      name: fc.constantFrom('Ann', 'Cyd'),
    }),
    fc.record({ kind: fc.constant('restart' as const) }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const stored = new Stored()
      let table = new NickTable()
      let local = new Set<string>()
      let present = new Map<ParticipantId, string>()
      for (const one of acts) {
        if (one.kind === 'restart') {
          const again = new NickTable(stored.list())
          for (const [nick, participant] of stored.holders)
            if (participant !== null) expect(again.nickFor(participant, nick).nick).toBe(nick)
          table = new NickTable(stored.list())
          local = new Set()
          present = new Map()
        } else if (one.kind === 'leave') {
          table.leave(one.who)
          present.delete(one.who)
        } else if (one.kind === 'local') {
          // The room refuses a user the nick of an occupant.
          if ([...present.values()].includes(one.name)) continue
          table.localEntered(one.name)
          local.add(one.name)
        } else if (one.kind === 'gone') {
          table.localLeft(one.name)
          local.delete(one.name)
        } else if (one.kind === 'enter' || one.kind === 'ask') {
          const { nick, claims } = table[one.kind === 'enter' ? 'enter' : 'nickFor'](one.who, one.name)
          stored.keep(claims)
          expect(normalizeResource(nick)).toBe(nick)
          expect(nick.normalize('NFKC')).toBe(nick)
          if (one.kind === 'enter') present.set(one.who, nick)
          const others = [...present].filter(([id]) => id !== one.who).map(([, shown]) => shown)
          expect([...others, ...local]).not.toContain(nick)
        }
      }
      expect(new Set(stored.holders.values()).size).toBe(stored.holders.size)
    }),
    { numRuns: 1_000 },
  )
})
