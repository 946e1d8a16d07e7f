// Who is told that something was said in rooms that they have left: XEP-0437.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { ActivityIndicators } from '../../src/muc/activity-indicators.ts'
import { MAX_ROOMS_KNOWN } from '../../src/muc/limits.ts'
import type { Element } from '../../src/stanza/xml.ts'

const DOMAIN = 'lobbies.test'
const ANN = { full: 'ann@test/a', bare: 'ann@test' }
const DESK = { full: 'ann@test/desk', bare: 'ann@test' }
const [TEA, DEN] = [`tea@${DOMAIN}`, `den@${DOMAIN}`]

let joined: Set<string>
let banned: Set<string>
let indicators: ActivityIndicators
beforeEach(() => {
  joined = new Set()
  banned = new Set()
  indicators = new ActivityIndicators(DOMAIN, {
    isJoined: (room, full) => joined.has(`${room} ${full}`),
    mayEnter: (room, bare) => !banned.has(`${room} ${bare}`),
  })
})

const told = (messages: readonly Element[] | undefined): string[] =>
  (messages ?? []).map((message) => {
    const rooms = message.getChild('rai', 'urn:xmpp:rai:0')?.getChildren('activity') ?? []
    expect([message.name, message.attrs.from]).toEqual(['message', DOMAIN])
    return `${message.attrs.to}: ${rooms.map((room) => room.getText()).join(' ')}`
  })

describe('activity in rooms that were left', () => {
  test('is told once for all that is said while a session is away', () => {
    indicators.left(TEA, ANN.bare, 1)
    expect(told(indicators.subscribe(ANN))).toEqual([])
    expect(told(indicators.said(TEA, 2))).toEqual([`${ANN.full}: ${TEA}`])
    expect(told(indicators.said(TEA, 3))).toEqual([])
  })

  test('that came before the session asked is told at once, in one message', () => {
    indicators.left(TEA, ANN.bare, 1)
    indicators.left(DEN, ANN.bare, 2)
    indicators.said(TEA, 3)
    indicators.said(DEN, 4)
    expect(told(indicators.subscribe(ANN))).toEqual([`${ANN.full}: ${TEA} ${DEN}`])
    expect(told(indicators.said(TEA, 5))).toEqual([])
  })

  test('is no news when it came before the account left', () => {
    indicators.said(TEA, 1)
    indicators.left(TEA, ANN.bare, 2)
    expect(told(indicators.subscribe(ANN))).toEqual([])
  })

  test('is told again after the session was there in between', () => {
    indicators.subscribe(ANN)
    indicators.left(TEA, ANN.bare, 1)
    indicators.said(TEA, 2)
    joined.add(`${TEA} ${ANN.full}`)
    expect(told(indicators.said(TEA, 3))).toEqual([])
    joined.clear()
    indicators.left(TEA, ANN.bare, 4)
    expect(told(indicators.said(TEA, 5))).toEqual([`${ANN.full}: ${TEA}`])
  })

  test('is told to the sessions that are away, not to those that are in the room', () => {
    indicators.left(TEA, ANN.bare, 1)
    indicators.subscribe(ANN)
    indicators.subscribe(DESK)
    joined.add(`${TEA} ${ANN.full}`)
    expect(told(indicators.said(TEA, 2))).toEqual([`${DESK.full}: ${TEA}`])
    joined.clear()
    expect(told(indicators.said(TEA, 3))).toEqual([`${ANN.full}: ${TEA}`])
  })

  test('is not told to those who may not enter, who never were there, or who asked no more', () => {
    indicators.left(TEA, ANN.bare, 1)
    indicators.subscribe(ANN)
    indicators.subscribe({ full: 'eve@test/e', bare: 'eve@test' })
    banned.add(`${TEA} ${ANN.bare}`)
    expect(told(indicators.said(TEA, 2))).toEqual([])
    banned.clear()
    indicators.left(DEN, ANN.bare, 3)
    indicators.unsubscribe(ANN.full)
    expect(told(indicators.said(DEN, 4))).toEqual([])
  })

  test('of the room that was left longest ago is forgotten when there are too many', () => {
    indicators.subscribe(ANN)
    for (let n = 0; n <= MAX_ROOMS_KNOWN; n++) indicators.left(`r${n}@${DOMAIN}`, ANN.bare, n)
    expect(told(indicators.said(`r0@${DOMAIN}`, 1000))).toEqual([])
    expect(told(indicators.said(`r1@${DOMAIN}`, 1000))).toHaveLength(1)
  })

  test('whatever happens, two indicators for one room have a stay or a new subscription between them', () => {
    const act = fc.constantFrom('join', 'leave', 'said', 'subscribe', 'unsubscribe')
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const inside = { isJoined: false }
        const one = new ActivityIndicators(DOMAIN, { isJoined: () => inside.isJoined, mayEnter: () => true })
        let mayBeTold = true
        acts.forEach((each, at) => {
          let messages: readonly Element[] = []
          if (each === 'join') inside.isJoined = true
          else if (each === 'leave' && inside.isJoined) {
            inside.isJoined = false
            mayBeTold = true
            one.left(TEA, ANN.bare, at + 1)
          } else if (each === 'said') messages = one.said(TEA, at + 1)
          else if (each === 'subscribe') {
            mayBeTold = true
            messages = one.subscribe(ANN) ?? []
          } else if (each === 'unsubscribe') one.unsubscribe(ANN.full)
          if (messages.length === 0) return
          expect([mayBeTold, inside.isJoined, messages.length]).toEqual([true, false, 1])
          mayBeTold = false
        })
      }),
    )
  })
})
