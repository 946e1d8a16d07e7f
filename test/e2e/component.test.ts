// Foyer as a component of real host servers: slixmpp clients log in at Prosody and ejabberd, and meet in Foyer's rooms.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEjabberd } from '../support/ejabberd.ts'
import { FoyerProcess } from '../support/foyer-process.ts'
import type { HostServer } from '../support/host-server.ts'
import { describeWith } from '../support/peers.ts'
import { startProsody } from '../support/prosody.ts'
import { SlixmppClient } from '../support/slixmpp.ts'

const DOMAIN = 'lobbies.localhost'
const HOSTS = { prosody: startProsody, ejabberd: startEjabberd } as const

for (const [name, startHost] of Object.entries(HOSTS))
  describeWith(['slixmpp', name as keyof typeof HOSTS], `Foyer as a component of ${name}`, () => {
    const secret = randomUUID()
    const room = `meeting@${DOMAIN}`
    let host: HostServer
    let foyer: FoyerProcess
    let ann: SlixmppClient
    let bob: SlixmppClient

    const login = (account: string) => SlixmppClient.login(host.ports.c2s, `${account}@localhost`, 'secret')

    beforeAll(async () => {
      host = await startHost({ component: { domain: DOMAIN, secret } })
      foyer = await FoyerProcess.start({
        FOYER_XMPP__DOMAIN: DOMAIN,
        FOYER_XMPP__SERVER: 'null',
        FOYER_XMPP__COMPONENT__PORT: String(host.ports.component),
        FOYER_XMPP__COMPONENT__SECRET: secret,
      })
      await foyer.logged('component linked')
      ;[ann, bob] = await Promise.all([login('ann'), login('bob')])
    }, 60_000)

    afterAll(async () => {
      ann?.quit()
      bob?.quit()
      await Promise.all([foyer?.dispose(), host?.dispose()])
    })

    test('two clients join, talk, and find in the archive what they said', async () => {
      await ann.do('join', { room, nick: 'Ann' })
      await bob.do('join', { room, nick: 'Böb' })
      await ann.do('say', { room, body: 'hello, <friend> & all' })
      await bob.heard(room, 'hello, <friend> & all')
      await bob.do('say', { room, body: 'héllo 😀' })
      await Promise.all([ann.heard(room, 'héllo 😀'), bob.heard(room, 'héllo 😀')])
      const { bodies } = await ann.do('archive', { room, max: 10, reverse: false })
      expect(bodies).toEqual(['hello, <friend> & all', 'héllo 😀'])
    }, 60_000)
  })
