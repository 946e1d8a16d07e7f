// Gajim in a room: bookmarks, history from the archive, talk, invitations, a cut connection, a restart.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cuttable } from '../support/cuttable.ts'
import { FoyerProcess } from '../support/foyer-process.ts'
import { Gajim } from '../support/gajim.ts'
import { Operator } from '../support/operator.ts'
import { describeWith } from '../support/peers.ts'
import { SlixmppClient } from '../support/slixmpp.ts'

const ROOM = 'tea@lobbies.localhost'
const BOOKMARK = `<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='${ROOM}' autojoin='true' name='Tea'><nick>Gajus</nick></conference></storage></query>`

describeWith(['gajim', 'slixmpp'], 'Gajim', () => {
  let foyer: FoyerProcess
  let operator: Operator
  let way: Awaited<ReturnType<typeof cuttable>>
  let gajim: Gajim

  beforeAll(async () => {
    foyer = await FoyerProcess.start({ FOYER_XMPP__SERVER__AUTH: 'accounts' })
    for (const name of ['operator', 'gabriel'])
      await foyer.cliWith('secret\n', 'user', 'add', name, '--password-stdin')
    operator = new Operator(await SlixmppClient.login(foyer.ports.c2s, 'operator@localhost', 'secret'))
    await operator.open(ROOM)
    await operator.say(ROOM, 'said before')
    way = await cuttable(foyer.ports.c2s)
    gajim = new Gajim({ name: 'gabriel', password: 'secret', port: way.port })
  }, 60_000)
  afterAll(async () => {
    gajim?.dispose()
    way?.close()
    operator?.client.quit()
    await foyer?.dispose()
  })

  test('logs in, and joins what another client has bookmarked', async () => {
    const other = await SlixmppClient.login(foyer.ports.c2s, 'gabriel@localhost', 'secret')
    await other.do('set', { to: 'gabriel@localhost', xml: BOOKMARK })
    other.quit()
    const enters = operator.next(ROOM, 'Gajus')
    await gajim.start()
    await enters()
  }, 120_000)

  test('reads what was said before, and talks', async () => {
    await gajim.logged(/said before/)
    await gajim.say(ROOM, 'hello from Gajim')
    await operator.hears(ROOM, 'Gajus', 'hello from Gajim')
    await operator.say(ROOM, 'hello from there')
    await gajim.logged(/hello from there/)
  }, 120_000)

  test('shows an invitation', async () => {
    await operator.open('cellar@lobbies.localhost')
    await operator.invite('cellar@lobbies.localhost', 'gabriel@localhost')
    await gajim.logged(/Raise event: muc-invitation/)
    // What Gajim does for it is behind it in the log.
    await operator.say(ROOM, 'invited')
    await gajim.logged(/<body>invited/)
    expect(gajim.failed).not.toContain('AccountPage._muc_invitation_received')
  }, 120_000)

  test('is cut off, resumes and has missed nothing; nobody saw it leave', async () => {
    way.cut()
    await operator.say(ROOM, 'said while away')
    await gajim.logged(/said while away/)
    await gajim.say(ROOM, 'back again')
    await operator.hears(ROOM, 'Gajus', 'back again')
    const left = operator.client.events.filter((e) => e.nick === 'Gajus' && e.type === 'unavailable')
    expect(left).toEqual([])
  }, 120_000)

  test('joins again when it is started anew, and has kept every message once', async () => {
    const leaves = operator.next(ROOM, 'Gajus', 'unavailable')
    await gajim.quit()
    await leaves()
    const enters = operator.next(ROOM, 'Gajus')
    await gajim.start()
    await enters()
    expect(gajim.messages()).toEqual([
      'said before',
      'hello from Gajim',
      'hello from there',
      'invited',
      'said while away',
      'back again',
    ])
  }, 120_000)
})
