// Converse.js as a guest loses its WebSocket: it comes back as a new guest, under the old nick, and has missed nothing.
import { expect, test } from 'vitest'
import { ConverseUser, openBrowser } from '../support/browser.ts'
import { cuttable } from '../support/cuttable.ts'
import { FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { XmppUser } from '../support/xmpp-user.ts'

describeWith(['chromium'], 'Converse.js', () => {
  test('a guest who is cut off comes back to the room, and has missed nothing', async () => {
    const room = 'den@lobbies.localhost'
    const foyer = await FoyerProcess.start()
    const way = await cuttable(foyer.ports.http)
    const browser = await openBrowser()
    const bob = await XmppUser.login(foyer.ports.c2s)
    try {
      await bob.join(room, 'Bob')
      const connie = await ConverseUser.enter(browser, way.port, 'den', 'Connie')
      await bob.sees(room, 'Connie')
      await bob.say(room, 'before')
      await connie.sees('before')
      way.cut()
      await bob.say(room, 'said while away')
      await connie.sees('said while away', 30_000)
      await connie.say('back again')
      expect((await bob.heard(room, 'back again')).attrs.from).toBe(`${room}/Connie`)
      expect(await connie.timesSeen('said while away')).toBe(1)
    } finally {
      await browser.close()
      await bob.quit()
      way.close()
      await foyer.dispose()
    }
  }, 90_000)
})
