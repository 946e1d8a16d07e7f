// The Ethora chat component in a real browser, in a room with Converse.js and with a RetroShare node's user.
import { expect, test } from 'vitest'
import { ConverseUser } from '../support/browser.ts'
import { cuttable } from '../support/cuttable.ts'
import { ETHORA_DOMAIN, EthoraUser, IS_LATER, type RoomsBy } from '../support/ethora-page.ts'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { XmppUser } from '../support/xmpp-user.ts'

interface MapView {
  networks: { lobbies: { id: string; joined: boolean; room: string }[] }[]
}
const lobbyIn = (map: MapView, id: string) => map.networks[0]?.lobbies.find((lobby) => lobby.id === id)

describeWith(['chromium', 'ethora'], 'The Ethora chat component', () => {
  test.each<RoomsBy>(IS_LATER ? ['xmpp', 'http'] : ['xmpp'])(
    'told of its rooms by %s talks with Converse.js and with the lobby: history, typing, edits, deletes, a lost connection',
    async (roomsBy) => {
      const neighbour = await FoyerProcess.start()
      const foyer = await FoyerProcess.start({
        FOYER_XMPP__DOMAIN: `conference.${ETHORA_DOMAIN}`,
        FOYER_XMPP__SERVER__DOMAIN: ETHORA_DOMAIN,
        FOYER_XMPP__SERVER__AUTH: 'both',
        FOYER_HTTP__ETHORA: 'true',
      })
      const way = await cuttable(foyer.ports.http)
      const rita = await XmppUser.login(neighbour.ports.c2s)
      let alice: EthoraUser | undefined
      try {
        await foyer.cliWith('secret\n', 'user', 'add', 'alice', '--password-stdin')
        await befriend(foyer, neighbour)
        const id = await neighbour.cli('lobby', 'create', 'Garden')
        const there = lobbyIn(await neighbour.mapWhen<MapView>((map) => lobbyIn(map, id) !== undefined), id)
          ?.room as string
        await rita.join(there, 'Rita')
        await foyer.mapWhen<MapView>((map) => lobbyIn(map, id) !== undefined)
        await foyer.cli('lobby', 'join', id)
        alice = await EthoraUser.open(way.port, { name: 'alice', password: 'secret' }, roomsBy)
        const connie = await ConverseUser.enter(alice.browser, foyer.ports.http, 'Garden', 'Connie')
        await connie.say('from Converse, before')
        await rita.heard(there, 'from Converse, before')
        await rita.say(there, 'from the lobby, before')
        await connie.sees('from the lobby, before')

        await alice.openRoom('Garden')
        await alice.sees('from Converse, before')
        await alice.sees('from the lobby, before')

        await alice.type('typing')
        await connie.seesTyping('alice')
        await alice.say('from Ethora')
        await Promise.all([connie.sees('from Ethora'), rita.heard(there, 'from Ethora')])
        await rita.say(there, 'from the lobby')
        await connie.say('from Converse')
        await Promise.all([alice.sees('from the lobby'), alice.sees('from Converse')])

        await connie.type('I am typ')
        await alice.seesTyping('Connie')
        await alice.screenshot('ethora-typing')

        await connie.say('writen by Connie')
        await alice.sees('writen by Connie')
        await connie.correctTo('written by Connie')
        await alice.sees('written by Connie')
        await alice.seesNot('writen by Connie')

        if (IS_LATER) {
          await alice.say('writen by Alice')
          await connie.sees('writen by Alice')
          await alice.edit('writen by Alice', 'written by Alice')
          await Promise.all([connie.sees('written by Alice'), alice.sees('written by Alice')])
          await alice.seesNot('writen by Alice')
          await rita.heard(there, 'corrected: written by Alice')
          await alice.react('from the lobby', '👍')
          await rita.heard(there, '/me reacts 👍 to Rita: “from the lobby”')
        }

        await alice.sendPicture()
        await rita.when((s) => /\/files\/\S+$/.test(s.getChildText('body') ?? ''))
        await connie.page.locator('converse-muc [src*="/files/"]').first().waitFor()
        await alice.screenshot('ethora-picture')

        await alice.say('to be deleted')
        await connie.sees('to be deleted')
        await alice.delete('to be deleted')
        await connie.seesNot('to be deleted')
        await alice.seesNot('to be deleted')
        await alice.seesDeleted()
        await alice.screenshot('ethora-deleted')

        await alice.reply('from Converse', 'an answer')
        await connie.sees('an answer')
        await rita.when((s) => s.getChildText('body')?.startsWith('> Connie: “from Converse”') === true)
        await alice.screenshot('ethora-reply')

        way.cut()
        await connie.say('said while away')
        await rita.say(there, 'said in the lobby while away')
        await Promise.all([alice.sees('said while away'), alice.sees('said in the lobby while away')])
        await alice.say('back again')
        await connie.sees('back again')
        await rita.heard(there, 'back again')
        await alice.screenshot('ethora-back')
        expect(alice.errors).toEqual([])
      } finally {
        await alice?.close()
        await rita.quit()
        way.close()
        await foyer.dispose()
        await neighbour.dispose()
      }
    },
    300_000,
  )
})
