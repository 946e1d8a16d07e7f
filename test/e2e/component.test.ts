// Foyer as a component of real host servers: slixmpp clients log in at Prosody and ejabberd and meet in Foyer's rooms,
// while the host is killed and Foyer is killed: no ghosts, nobody lost, nothing lost or doubled in the archive.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEjabberd } from '../support/ejabberd.ts'
import { FoyerProcess } from '../support/foyer-process.ts'
import type { HostServer } from '../support/host-server.ts'
import { describeWith } from '../support/peers.ts'
import { startProsody } from '../support/prosody.ts'
import { SlixmppClient } from '../support/slixmpp.ts'
import { XmppUser } from '../support/xmpp-user.ts'

const DOMAIN = 'lobbies.localhost'
/** Of Foyer's own server, whose users stay when the host goes. */
const INSIDE = 'inside.localhost'
const HOSTS = { prosody: startProsody, ejabberd: startEjabberd } as const
/** After this long nothing of the past may be left. */
const SETTLED_MS = 10_000

interface MapView {
  readonly rooms: readonly {
    readonly jid: string
    readonly occupants: readonly { readonly nick: string }[]
  }[]
}

for (const [name, startHost] of Object.entries(HOSTS))
  describeWith(['slixmpp', name as keyof typeof HOSTS], `Foyer as a component of ${name}`, () => {
    const secret = randomUUID()
    const room = `meeting@${DOMAIN}`
    const said = new Set<string>()
    let host: HostServer
    let foyer: FoyerProcess
    const clients: (SlixmppClient | XmppUser)[] = []
    let ann: SlixmppClient
    let bob: SlixmppClient
    let carl: SlixmppClient
    let ines: XmppUser

    async function enter(account: string, nick: string): Promise<SlixmppClient> {
      const client = await SlixmppClient.login(host.ports.c2s, `${account}@localhost`, 'secret')
      clients.push(client)
      await client.do('join', { room, nick })
      return client
    }

    async function enterInside(nick: string): Promise<XmppUser> {
      const user = await XmppUser.login(foyer.ports.c2s, undefined, INSIDE)
      clients.push(user)
      await user.join(room, nick)
      return user
    }

    /** Says one thing after the other until told to stop. */
    function chatter(client: SlixmppClient, nick: string): () => Promise<void> {
      let isOn = true
      const talking = (async () => {
        for (let n = 0; isOn; n++)
          await client.do('say', { room, body: `${nick} ${n}` }).catch(() => undefined)
      })()
      return () => {
        isOn = false
        return talking
      }
    }

    const occupants = (map: MapView): string[] =>
      (map.rooms.find(({ jid }) => jid === room)?.occupants ?? []).map(({ nick }) => nick).sort()
    const settledAs = (...nicks: string[]): Promise<unknown> =>
      foyer.mapWhen<MapView>((map) => occupants(map).join() === nicks.sort().join(), SETTLED_MS)

    /** Takes note of all that anybody heard: it was reflected, so it is archived. */
    function noteHeard(): void {
      for (const client of clients)
        if (client instanceof SlixmppClient) {
          for (const event of client.events) if (event.event === 'groupchat') said.add(String(event.body))
        } else
          for (const stanza of client.stanzas) {
            const body =
              stanza.name === 'message' && stanza.attrs.type === 'groupchat' && stanza.getChildText('body')
            if (body) said.add(body)
          }
    }

    async function expectArchived(): Promise<void> {
      const reader = await enterInside('Reader')
      const stored = await reader.archive(room)
      await reader.quit()
      const bodies = stored.map(({ body }) => body)
      expect([...said].filter((body) => !bodies.includes(body))).toEqual([])
      expect(bodies.length).toBe(new Set(bodies).size)
      expect(stored.length).toBe(new Set(stored.map(({ id }) => id)).size)
    }

    beforeAll(async () => {
      host = await startHost({ component: { domain: DOMAIN, secret } })
      foyer = await FoyerProcess.start({
        FOYER_XMPP__DOMAIN: DOMAIN,
        FOYER_XMPP__SERVER__DOMAIN: INSIDE,
        FOYER_XMPP__COMPONENT__PORT: String(host.ports.component),
        FOYER_XMPP__COMPONENT__SECRET: secret,
      })
      await foyer.logged('component linked')
    }, 60_000)

    afterAll(async () => {
      for (const client of clients) await client.quit()
      await Promise.all([foyer?.dispose(), host?.dispose()])
    })

    test('users of both servers join, talk, and find in the archive what they said', async () => {
      expect((await foyer.http('/readyz')).status).toBe(200)
      ines = await enterInside('Ines')
      ann = await enter('ann', 'Ann')
      bob = await enter('bob', 'Böb')
      await ann.do('say', { room, body: 'hello, <friend> & all' })
      await Promise.all([bob.heard(room, 'hello, <friend> & all'), ines.heard(room, 'hello, <friend> & all')])
      await bob.do('say', { room, body: 'héllo 😀' })
      await Promise.all([
        ann.heard(room, 'héllo 😀'),
        bob.heard(room, 'héllo 😀'),
        ines.heard(room, 'héllo 😀'),
      ])
      await ines.say(room, 'from inside')
      await ann.heard(room, 'from inside')
      const { bodies } = await ann.do('archive', { room, max: 10, reverse: false })
      expect(bodies).toEqual(['hello, <friend> & all', 'héllo 😀', 'from inside'])
    }, 60_000)

    test('the host is killed while everybody talks: its users are gone, come back, and nobody else is', async () => {
      const stops = [chatter(ann, 'Ann'), chatter(bob, 'Bob')]
      await ines.heard(room, 'Ann 20')
      await host.stop('SIGKILL')
      await foyer.logged('component not linked')
      expect((await foyer.http('/readyz')).status).toBe(503)
      await ines.say(room, 'is anybody there?')
      await ines.heard(room, 'is anybody there?')
      await Promise.all(stops.map((stop) => stop()))
      ann.quit()
      bob.quit()
      await host.start()
      await settledAs('Ines')
      const gone = (nick: string) =>
        ines.stanzas.filter((s) => s.attrs.from === `${room}/${nick}` && s.attrs.type === 'unavailable')
      for (const nick of ['Ann', 'Böb']) expect(gone(nick)).toHaveLength(1)
      ann = await enter('ann', 'Ann')
      bob = await enter('bob', 'Böb')
      await settledAs('Ann', 'Böb', 'Ines')
      noteHeard()
      await expectArchived()
    }, 90_000)

    test('Foyer is killed while everybody talks: who is there is in again and may go on, who left is not', async () => {
      carl = await enter('carl', 'Carl')
      const [stopAnn, stopBob] = [chatter(ann, 'Second Ann'), chatter(bob, 'Second Bob')]
      await carl.heard(room, 'Second Bob 20')
      await foyer.stop('SIGKILL')
      await stopBob()
      bob.quit()
      await foyer.start()
      await settledAs('Ann', 'Carl')
      await stopAnn()
      await ann.do('ping', { to: `${room}/Ann` })
      await carl.do('say', { room, body: 'still here' })
      await ann.heard(room, 'still here')
      noteHeard()
      await expectArchived()
    }, 90_000)

    test('Foyer ends in order: everybody is told, and nobody is in after the next start', async () => {
      await foyer.stop('SIGTERM')
      await ann.when((e) => e.event === 'presence' && e.nick === 'Ann' && e.type === 'unavailable')
      await foyer.start()
      await foyer.logged('component linked')
      await settledAs()
      await carl.do('ping', { to: `${room}/Carl` }).then(
        () => expect.unreachable(),
        (error: Error) => expect(error.message).toBe('not-acceptable'),
      )
    }, 60_000)
  })
