// History as clients see it: what was taken back is gone from everywhere, and what may be missing is said.
import { xml } from '@xmpp/client'
import type { Element } from '@xmpp/xml'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConverseUser, openBrowser } from '../support/browser.ts'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { SlixmppClient } from '../support/slixmpp.ts'
import { XmppUser } from '../support/xmpp-user.ts'

interface MapView {
  networks: { lobbies: { id: string; room: string }[] }[]
  rooms: { jid: string; gaps: { count: number; latest: { from: string; to: string } | null } }[]
}

const RETRACTION = 'urn:xmpp:message-retract:1'

describeWith(['slixmpp', 'chromium'], 'messages that are taken back', () => {
  const room = 'garden@lobbies.localhost'
  let gateway: FoyerProcess
  let browser: Browser
  let owner: SlixmppClient
  let author: XmppUser
  let reader: ConverseUser

  const stanzaId = async (body: string): Promise<string> =>
    String((await author.heard(room, body)).getChild('stanza-id')?.attrs.id)

  beforeAll(async () => {
    gateway = await FoyerProcess.start()
    owner = await SlixmppClient.login(gateway.ports.c2s, 'localhost')
    await owner.do('join', { room, nick: 'Owner' })
    author = await XmppUser.login(gateway.ports.c2s)
    await author.join(room, 'Author')
    browser = await openBrowser()
    reader = await ConverseUser.enter(browser, gateway.ports.http, 'garden', 'Reader')
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    owner?.quit()
    await author?.quit()
    await gateway?.dispose()
  })

  test('by a moderator with slixmpp: Converse.js does not show them any longer', async () => {
    await author.say(room, 'buy my magic potions')
    await reader.sees('buy my magic potions')
    await owner.do('moderate', { room, id: await stanzaId('buy my magic potions'), reason: 'advertising' })
    const told = await owner.when((e) => e.event === 'moderated')
    expect(told).toMatchObject({
      id: await stanzaId('buy my magic potions'),
      by: `${room}/Owner`,
      reason: 'advertising',
    })
    await reader.seesNot('buy my magic potions')
    await reader.screenshot('moderated')
  }, 60_000)

  test('by their author: Converse.js does not show them any longer', async () => {
    const id = await author.say(room, 'my password is swordfish')
    await reader.sees('swordfish')
    await author.send(
      xml(
        'message',
        { to: room, type: 'groupchat', id: 'take-back' },
        // Converse.js 14 looks for the message by the id that its author gave it, and names it so itself.
        xml('retract', { xmlns: RETRACTION, id }),
        xml('fallback', { xmlns: 'urn:xmpp:fallback:0', for: RETRACTION }),
        xml('body', {}, '/me retracted a previous message, but it is unsupported by your client.'),
      ),
    )
    await reader.seesNot('swordfish')
    await reader.screenshot('retracted')
  }, 60_000)

  test('are not shown to who comes later, nor found by a search', async () => {
    await author.say(room, 'the last message')
    await author.heard(room, 'the last message')
    const late = await ConverseUser.enter(browser, gateway.ports.http, 'garden', 'Late')
    await late.sees('the last message')
    expect(await late.timesSeen('potions')).toBe(0)
    expect(await late.timesSeen('swordfish')).toBe(0)
    await late.screenshot('late')
    const { bodies } = await owner.do('archive', { room, reverse: false, max: 2 })
    expect(bodies).toContain('the last message')
    expect(JSON.stringify(bodies)).not.toMatch(/potions|swordfish/)
    const found = async (text: string): Promise<unknown> => (await owner.do('search', { room, text })).bodies
    expect(await found('LAST message')).toEqual(['the last message'])
    expect(await found('swordfish')).toEqual([])
  }, 60_000)
})

test('after a kill a room says since when messages may be missing, at their place in the archive', async () => {
  const [gateway, other] = (await Promise.all([FoyerProcess.start(), FoyerProcess.start()])) as [
    FoyerProcess,
    FoyerProcess,
  ]
  const users: XmppUser[] = []
  const login = async (foyer: FoyerProcess): Promise<XmppUser> => {
    const user = await XmppUser.login(foyer.ports.c2s)
    users.push(user)
    return user
  }
  try {
    await befriend(gateway, other)
    const lobby = await other.cli('lobby', 'create', 'Attic', '--topic', 'Dust')
    const has = (map: MapView) => map.networks[0]?.lobbies.find((each) => each.id === lobby)
    const otherRoom = has(await other.mapWhen<MapView>((map) => has(map) !== undefined))?.room as string
    const room = has(await gateway.mapWhen<MapView>((map) => has(map) !== undefined))?.room as string
    const ann = await login(gateway)
    const bob = await login(other)
    await bob.join(otherRoom, 'Bob')
    await ann.join(room, 'Ann')
    await ann.sees(room, 'Bob')
    await bob.say(otherRoom, 'before')
    await ann.heard(room, 'before')
    await gateway.stop('SIGKILL')
    // A silence of less than a second is no gap.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await gateway.start()
    const isMarked = (map: MapView) => map.rooms.some((each) => each.jid === room && each.gaps.count === 1)
    const map = await gateway.mapWhen<MapView>(isMarked)
    const latest = map.rooms.find((each) => each.jid === room)?.gaps.latest
    const late = await login(gateway)
    await late.join(room, 'Late')
    await bob.say(otherRoom, 'after')
    await late.heard(room, 'after')
    const archive = await late.archive(room)
    expect(archive.map(({ body }) => body.slice(0, 8))).toEqual(['before', 'Messages', 'after'])
    const gap = late.stanzas
      .map((stanza: Element) =>
        stanza.getChild('result')?.getChild('forwarded')?.getChild('message')?.getChild('gap'),
      )
      .find((each) => each !== undefined)
    expect(gap?.attrs).toMatchObject({ start: latest?.from, end: latest?.to })
  } finally {
    for (const user of users) await user.quit()
    await Promise.all([gateway.dispose(), other.dispose()])
  }
}, 90_000)
