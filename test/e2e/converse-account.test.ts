// Converse.js with an account, on Foyer's own server and through Prosody, where a moderator with slixmpp meets it.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { ConversePage, type ConversePorts } from '../support/converse-page.ts'
import { cuttable } from '../support/cuttable.ts'
import { HOMES, type Home } from '../support/homes.ts'
import { Operator } from '../support/operator.ts'
import { describeWith } from '../support/peers.ts'
import { SlixmppClient } from '../support/slixmpp.ts'

const ROOM = 'tea@lobbies.localhost'
const ATTIC = 'attic@lobbies.localhost'
const CELLAR = 'cellar@lobbies.localhost'
const OWN = 'own@lobbies.localhost'

for (const [server, { peers, start }] of Object.entries(HOMES))
  describeWith([...peers, 'slixmpp', 'chromium'], `Converse.js on ${server}`, () => {
    let home: Home
    let operator: Operator
    let way: Awaited<ReturnType<typeof cuttable>>
    let ports: ConversePorts
    let browser: Browser
    let connie: ConversePage

    beforeAll(async () => {
      home = await start(['operator', 'connie'])
      operator = new Operator(await SlixmppClient.login(home.c2s, 'operator@localhost', 'secret'))
      await operator.open(ROOM)
      await operator.say(ROOM, 'said before')
      await operator.open(ATTIC)
      await operator.open(CELLAR, { passwordprotectedroom: '1', roomsecret: 'sesame' })
      way = await cuttable(home.webSocket)
      ports = { webSocket: way.port, ...(home.page === undefined ? {} : { page: way.port }) }
      browser = await openBrowser()
    }, 60_000)
    afterAll(async () => {
      await connie?.close()
      await browser?.close()
      way?.close()
      operator?.client.quit()
      await home?.dispose()
    })
    const picture = (name: string) =>
      connie.screenshot(`converse-${peers.length > 0 ? 'prosody' : 'own'}-${name}`)

    test('logs in, and joins a room of the list', async () => {
      connie = await ConversePage.login(browser, ports)
      const enters = operator.next(ROOM, 'Connie')
      await connie.choose(ROOM)
      await enters()
      await connie.isIn('Connie')
    }, 120_000)

    test('shows what was said before, and talks', async () => {
      await connie.sees('said before')
      await connie.type('hello from Converse')
      await operator.hears(ROOM, 'Connie', 'hello from Converse')
      await operator.say(ROOM, 'hello from there')
      await connie.sees('hello from there')
      await picture('room')
    }, 120_000)

    test('takes another nick', async () => {
      const renamed = operator.next(ROOM, 'Constance')
      await connie.type('/nick Constance')
      await renamed()
      await connie.type('under another nick')
      await operator.hears(ROOM, 'Constance', 'under another nick')
    }, 120_000)

    test('is cut off, resumes and has missed nothing; nobody saw it leave', async () => {
      const seen = operator.client.events.length
      way.cut()
      await operator.say(ROOM, 'said while away')
      await connie.sees('said while away')
      await connie.type('back again')
      await operator.hears(ROOM, 'Constance', 'back again')
      const since = operator.client.events.slice(seen)
      expect(since.filter((e) => e.type === 'unavailable')).toEqual([])
    }, 120_000)

    test('shows who kicked it, and why', async () => {
      await operator.kick(ROOM, 'Constance', 'because they may')
      await connie.sees('because they may')
      await picture('kicked')
    }, 120_000)

    test('asks whether to follow an invitation, and follows it', async () => {
      const enters = operator.next(ATTIC, 'Connie')
      await operator.invite(ATTIC, 'connie@localhost')
      await connie.sees(/has invited you.*come down/)
      await picture('invited')
      await connie.page.click('converse-confirm-modal button[type=submit]')
      await enters()
    }, 120_000)

    test('started anew it asks for the password of a room, and joins what it had bookmarked, under the last nick', async () => {
      await connie.close()
      const [enters, marked] = [operator.next(CELLAR, 'Connie'), operator.next(ROOM, 'Constance')]
      connie = await ConversePage.login(browser, ports, CELLAR)
      await connie.page.fill('converse-muc-password-form input[name=password]', 'sesame')
      await picture('password')
      await connie.page.press('converse-muc-password-form input[name=password]', 'Enter')
      await Promise.all([enters(), marked()])
      await picture('bookmarks')
    }, 120_000)

    test('makes a room, sets its topic, invites somebody and kicks them', async () => {
      await connie.close()
      connie = await ConversePage.login(browser, ports, OWN)
      await connie.isIn('Connie')
      await connie.type('/topic brewing tea')
      await connie.sees('brewing tea')
      await picture('own')
      await connie.invite('operator@localhost')
      await operator.client.when((e) => e.event === 'invited' && e.room === OWN, 60_000)
      await operator.client.do('join', { room: OWN, nick: 'Friend' })
      await connie.isIn('Friend')
      const leaves = operator.next(OWN, 'Friend', 'unavailable')
      await connie.type('/kick Friend enough')
      await leaves()
    }, 120_000)
  })
