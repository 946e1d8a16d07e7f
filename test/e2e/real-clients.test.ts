// Real clients on one gateway: slixmpp over TCP and Converse.js over WebSocket, with a resident of another node.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConverseUser, openBrowser } from '../support/browser.ts'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { SlixmppClient } from '../support/slixmpp.ts'
import { XmppUser } from '../support/xmpp-user.ts'

interface MapView {
  networks: { lobbies: { id: string; room: string }[] }[]
}

describeWith(['slixmpp', 'chromium'], 'slixmpp, Converse.js and a resident of another node', () => {
  let gateway: FoyerProcess
  let other: FoyerProcess
  let browser: Browser
  let resident: XmppUser
  let slix: SlixmppClient
  let converse: ConverseUser
  let room: string
  let otherRoom: string

  beforeAll(async () => {
    ;[gateway, other] = (await Promise.all([FoyerProcess.start(), FoyerProcess.start()])) as [
      FoyerProcess,
      FoyerProcess,
    ]
    await befriend(gateway, other)
    const lobby = await other.cli('lobby', 'create', 'Café Größe', '--topic', 'Coffee')
    const has = (map: MapView) => map.networks[0]?.lobbies.find((l) => l.id === lobby)
    otherRoom = has(await other.mapWhen<MapView>((map) => has(map) !== undefined))?.room as string
    room = has(await gateway.mapWhen<MapView>((map) => has(map) !== undefined))?.room as string
    resident = await XmppUser.login(other.ports.c2s)
    await resident.join(otherRoom, 'Resident')
    browser = await openBrowser()
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    slix?.quit()
    await resident?.quit()
    await Promise.all([gateway?.dispose(), other?.dispose()])
  })

  test('slixmpp finds the room in the list, joins it, and talks with the resident', async () => {
    slix = await SlixmppClient.login(gateway.ports.c2s, 'localhost')
    const { rooms } = await slix.do('rooms', { service: 'lobbies.localhost' })
    expect(rooms).toContainEqual([room, 'Café Größe'])
    await slix.do('join', { room, nick: 'Slix' })
    await slix.when((e) => e.event === 'presence' && e.nick === 'Resident')
    await slix.do('say', { room, body: 'hello from slixmpp ☕ <&>' })
    await resident.heard(otherRoom, 'hello from slixmpp ☕ <&>')
    await resident.say(otherRoom, 'hello from the other node')
    await slix.heard(room, 'hello from the other node')
  }, 60_000)

  test('Converse.js joins with one click and sees what was said before', async () => {
    converse = await ConverseUser.enter(browser, gateway.ports.http, 'Café Größe', 'Connie')
    await converse.sees('hello from slixmpp')
    await converse.sees('hello from the other node')
  }, 60_000)

  test('all three talk to each other, each message once', async () => {
    await slix.do('say', { room, body: 'one from slixmpp' })
    await converse.say('two from Converse')
    await resident.say(otherRoom, 'three from the resident')
    for (const body of ['one from slixmpp', 'two from Converse', 'three from the resident']) {
      await Promise.all([slix.heard(room, body), converse.sees(body), resident.heard(otherRoom, body)])
      expect(slix.timesHeard(room, body)).toBe(1)
      expect(await converse.timesSeen(body)).toBe(1)
      expect(resident.timesHeard(otherRoom, body)).toBe(1)
    }
    await converse.screenshot('converse-room')
  }, 60_000)

  test('each sees the others type', async () => {
    await slix.do('chat_state', { room, state: 'composing' })
    await converse.seesTyping('Slix')
    await resident.when((s) => s.attrs.from === `${otherRoom}/Slix` && s.getChild('composing') !== undefined)
    await converse.type('I am thinking')
    await slix.when((e) => e.event === 'chat_state' && e.nick === 'Connie' && e.state === 'composing')
    await converse.screenshot('converse-typing')
  }, 60_000)

  test('the chat page asks nobody but this gateway for anything', () => {
    expect([...converse.hosts].filter((host) => host !== '')).toEqual([`127.0.0.1:${gateway.ports.http}`])
  })

  test('slixmpp pages the archive in both directions, two messages a page', async () => {
    const said = [
      'hello from slixmpp ☕ <&>',
      'hello from the other node',
      'one from slixmpp',
      'two from Converse',
      'three from the resident',
    ]
    const forwards = await slix.do('archive', { room, max: 2, reverse: false })
    expect(forwards.bodies).toEqual(said)
    // Paging backwards slixmpp 1.8 stops after the newest page, because that page reaches the end of the archive.
    const newest = await slix.do('archive', { room, max: 2, reverse: true })
    expect(newest.bodies).toEqual(['three from the resident', 'two from Converse'])
  }, 60_000)

  test('a nick that is taken is refused with a conflict', async () => {
    const second = await SlixmppClient.login(gateway.ports.c2s, 'localhost')
    try {
      await expect(second.do('join', { room, nick: 'Slix' })).rejects.toThrow('conflict')
      await expect(second.do('join', { room, nick: 'Resident' })).rejects.toThrow('conflict')
    } finally {
      second.quit()
    }
  }, 60_000)
})
