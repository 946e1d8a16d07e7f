// Gajim in rooms, on Foyer's own server and through Prosody, where a moderator with slixmpp meets it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cuttable } from '../support/cuttable.ts'
import { Gajim } from '../support/gajim.ts'
import { HOMES, type Home } from '../support/homes.ts'
import { Operator } from '../support/operator.ts'
import { describeWith } from '../support/peers.ts'
import { SlixmppClient } from '../support/slixmpp.ts'

const SERVICE = 'lobbies.localhost'
const ROOM = `tea@${SERVICE}`
const CELLAR = `cellar@${SERVICE}`
const BOOKMARK = `<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='${ROOM}' autojoin='true' name='Tea'><nick>Gajus</nick></conference></storage></query>`

for (const [server, { peers, start }] of Object.entries(HOMES))
  describeWith([...peers, 'gajim', 'slixmpp'], `Gajim on ${server}`, () => {
    let home: Home
    let operator: Operator
    let way: Awaited<ReturnType<typeof cuttable>>
    let gajim: Gajim

    beforeAll(async () => {
      home = await start(['operator', 'gabriel'])
      operator = new Operator(await SlixmppClient.login(home.c2s, 'operator@localhost', 'secret'))
      await operator.open(ROOM)
      await operator.say(ROOM, 'said before')
      await operator.open(CELLAR, { passwordprotectedroom: '1', roomsecret: 'sesame' })
      way = await cuttable(home.c2s)
      gajim = new Gajim({ name: 'gabriel', password: 'secret', port: way.port })
    }, 60_000)
    afterAll(async () => {
      gajim?.dispose()
      way?.close()
      operator?.client.quit()
      await home?.dispose()
    })
    const picture = (name: string) => gajim.picture(`gajim-${peers.length > 0 ? 'prosody' : 'own'}-${name}`)

    test('logs in, and joins what another client has bookmarked', async () => {
      const other = await SlixmppClient.login(home.c2s, 'gabriel@localhost', 'secret')
      await other.do('set', { to: 'gabriel@localhost', xml: BOOKMARK })
      other.quit()
      const enters = operator.next(ROOM, 'Gajus')
      await gajim.start()
      await enters()
    }, 120_000)

    test('finds the service for new rooms, and lists the rooms', async () => {
      await gajim.logged(new RegExp(`Discovered MUC: ${SERVICE}`))
      await gajim.browse(SERVICE, /identity [^>]*name=.cellar/)
    }, 120_000)

    test('reads what was said before, and talks', async () => {
      await gajim.logged(/said before/)
      await gajim.say(ROOM, 'hello from Gajim')
      await operator.hears(ROOM, 'Gajus', 'hello from Gajim')
      await operator.say(ROOM, 'hello from there')
      await gajim.logged(/hello from there/)
    }, 120_000)

    test('shows an invitation', async () => {
      await operator.invite(CELLAR, 'gabriel@localhost')
      await gajim.logged(/Raise event: muc-invitation/)
      // What Gajim does for it is behind it in the log.
      await operator.say(ROOM, 'invited')
      await gajim.logged(/<body>invited/)
      expect(gajim.failed).not.toContain('AccountPage._muc_invitation_received')
    }, 120_000)

    test('takes another nick', async () => {
      const renamed = operator.next(ROOM, 'Gabe')
      await gajim.rename(ROOM, 'Gabe')
      await renamed()
      await gajim.say(ROOM, 'under another nick')
      await operator.hears(ROOM, 'Gabe', 'under another nick')
      await picture('room')
    }, 120_000)

    test('asks for the password of a room, and gets in with it', async () => {
      const enters = operator.next(CELLAR, 'gabriel')
      await gajim.join(CELLAR, 'sesame')
      await enters()
      await picture('cellar')
    }, 120_000)

    test('is cut off, resumes and has missed nothing; nobody saw it leave', async () => {
      const seen = operator.client.events.length
      way.cut()
      await operator.say(ROOM, 'said while away')
      await gajim.logged(/said while away/)
      await gajim.say(ROOM, 'back again')
      await operator.hears(ROOM, 'Gabe', 'back again')
      const since = operator.client.events.slice(seen)
      expect(since.filter((e) => e.type === 'unavailable')).toEqual([])
    }, 120_000)

    test('knows that it was kicked', async () => {
      const kicked = gajim.next(new RegExp(`Set MUC state: ${ROOM} .*NOT_JOINED`))
      await operator.kick(ROOM, 'Gabe', 'because they may')
      await kicked()
      await picture('kicked')
    }, 120_000)

    test('joins again when it is started anew, under the last nick, and has kept every message once', async () => {
      const leaves = operator.next(CELLAR, 'gabriel', 'unavailable')
      await gajim.quit()
      await leaves()
      const enters = operator.next(ROOM, 'Gabe')
      await gajim.start()
      await enters()
      expect(gajim.messages()).toEqual([
        'said before',
        'hello from Gajim',
        'hello from there',
        'invited',
        'under another nick',
        'said while away',
        'back again',
      ])
    }, 120_000)
  })
