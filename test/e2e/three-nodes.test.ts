// Three Foyer processes in a line A - B - C over real TLS: talk passes through B, also after B was killed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { XmppUser } from '../support/xmpp-user.ts'

interface MapView {
  networks: {
    friends: { id: string; online: boolean }[]
    lobbies: { id: string; joined: boolean; room: string }[]
  }[]
}

const lobbyIn = (map: MapView, id: string) => map.networks[0]?.lobbies.find((lobby) => lobby.id === id)
const friendsOnline = (map: MapView): number => map.networks[0]?.friends.filter((f) => f.online).length ?? 0

describe('three nodes in a line', () => {
  let a: FoyerProcess
  let b: FoyerProcess
  let c: FoyerProcess
  let anna: XmppUser
  let carl: XmppUser
  let roomA: string
  let roomC: string

  beforeAll(async () => {
    ;[a, b, c] = (await Promise.all([FoyerProcess.start(), FoyerProcess.start(), FoyerProcess.start()])) as [
      FoyerProcess,
      FoyerProcess,
      FoyerProcess,
    ]
    await befriend(a, b)
    await befriend(c, b)
    await b.mapWhen<MapView>((map) => friendsOnline(map) === 2)
    const lobby = await a.cli('lobby', 'create', 'Line', '--topic', 'A to C')
    await b.mapWhen<MapView>((map) => lobbyIn(map, lobby) !== undefined)
    await b.cli('lobby', 'join', lobby)
    roomC = (
      await c.mapWhen<MapView>((map) => lobbyIn(map, lobby) !== undefined).then((map) => lobbyIn(map, lobby))
    )?.room as string
    roomA = lobbyIn(await a.mapWhen<MapView>((map) => lobbyIn(map, lobby) !== undefined), lobby)
      ?.room as string
    ;[anna, carl] = await Promise.all([XmppUser.login(a.ports.c2s), XmppUser.login(c.ports.c2s)])
    await anna.join(roomA, 'Anna')
    await carl.join(roomC, 'Carl')
    await Promise.all([anna.sees(roomA, 'Carl'), carl.sees(roomC, 'Anna')])
  }, 60_000)

  afterAll(async () => {
    await Promise.all([anna?.quit(), carl?.quit()])
    await Promise.all([a?.dispose(), b?.dispose(), c?.dispose()])
  })

  test('what one says the other hears through the node between them, exactly once', async () => {
    for (let i = 0; i < 5; i++) {
      await anna.say(roomA, `from Anna ${i} <b>&amp; ü ☂`)
      await carl.say(roomC, `from Carl ${i}`)
      await Promise.all([
        carl.heard(roomC, `from Anna ${i} <b>&amp; ü ☂`),
        anna.heard(roomA, `from Carl ${i}`),
      ])
    }
    for (let i = 0; i < 5; i++) {
      expect(carl.timesHeard(roomC, `from Anna ${i} <b>&amp; ü ☂`)).toBe(1)
      expect(anna.timesHeard(roomA, `from Carl ${i}`)).toBe(1)
    }
  })

  test('the talk goes on after the node between them was killed and started again', async () => {
    await b.stop('SIGKILL')
    await anna.say(roomA, 'said while B is gone')
    await anna.heard(roomA, 'said while B is gone')
    await b.start()
    await b.mapWhen<MapView>((map) => friendsOnline(map) === 2)
    await anna.say(roomA, 'said when B is back')
    await carl.heard(roomC, 'said when B is back', 40_000)
    await carl.say(roomC, 'and back again')
    await anna.heard(roomA, 'and back again', 40_000)
    await carl.heard(roomC, 'said while B is gone', 40_000)
    for (const body of ['said while B is gone', 'said when B is back'])
      expect(carl.timesHeard(roomC, body), body).toBe(1)
    expect(anna.timesHeard(roomA, 'and back again')).toBe(1)
  }, 120_000)

  test('the archives of both ends hold each message once', async () => {
    for (const [user, room] of [
      [anna, roomA],
      [carl, roomC],
    ] as const) {
      const bodies = (await user.archive(room)).map((message) => message.body)
      expect(new Set(bodies).size).toBe(bodies.length)
      expect(bodies).toContain('said while B is gone')
      expect(bodies).toContain('and back again')
    }
  })
})
