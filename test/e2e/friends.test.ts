// Two Foyer processes as friends: private chat between the operators, invitations to a private lobby, accepted and declined.

import { xml } from '@xmpp/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { XmppUser } from '../support/xmpp-user.ts'

interface MapView {
  networks: {
    self: { id: string }
    friends: { id: string; jid: string; online: boolean; status: string | null }[]
    invitations: { id: string; room: string; invitedBy: { id: string; name: string }[] }[]
    lobbies: { id: string; joined: boolean; room: string }[]
  }[]
}
interface Invited {
  id: string
  name: string
  private: boolean
  room: string
  invitedBy: { id: string; name: string }[]
}

const USER = 'http://jabber.org/protocol/muc#user'
const STATES = 'http://jabber.org/protocol/chatstates'
const PASSWORD = 'open sesame'
const ENV = { FOYER_XMPP__SERVER__AUTH: 'both', FOYER_XMPP__ADMINS: '[boss@localhost]' }

/** A gateway whose operator has an account. */
async function startGateway(name: string): Promise<FoyerProcess> {
  const gateway = await FoyerProcess.start({ ...ENV, FOYER_RETROSHARE__NAME: name })
  await gateway.cliWith(`${PASSWORD}\n`, 'user', 'add', 'boss', '--password-stdin')
  return gateway
}

/** The operator, showing itself as available. */
async function operator(gateway: FoyerProcess): Promise<XmppUser> {
  const user = await XmppUser.login(gateway.ports.c2s, { username: 'boss', password: PASSWORD })
  await user.send(xml('presence', {}))
  return user
}

/** The address of the other gateway as this one's operator writes to it, once chat works. */
async function friendOf(gateway: FoyerProcess): Promise<string> {
  const map = await gateway.mapWhen<MapView>((view) => view.networks[0]?.friends[0]?.status === 'online')
  return map.networks[0]?.friends[0]?.jid ?? ''
}

const write = (user: XmppUser, to: string, body: string): Promise<void> =>
  user.send(xml('message', { to, type: 'chat', id: body.slice(0, 20) }, xml('body', {}, body)))

describe('two gateways that are friends', () => {
  let a: FoyerProcess
  let b: FoyerProcess
  let ann: XmppUser
  let bob: XmppUser
  /** Each other's address. */
  let toA: string
  let toB: string

  beforeAll(async () => {
    ;[a, b] = (await Promise.all([startGateway('North'), startGateway('South')])) as [
      FoyerProcess,
      FoyerProcess,
    ]
    await befriend(a, b)
    ;[toB, toA] = (await Promise.all([friendOf(a), friendOf(b)])) as [string, string]
    ;[ann, bob] = await Promise.all([operator(a), operator(b)])
  }, 60_000)

  afterAll(async () => {
    await Promise.all([ann?.quit(), bob?.quit()])
    await Promise.all([a?.dispose(), b?.dispose()])
  })

  const read = (user: XmppUser, from: string, body: string) =>
    user.when((s) => s.name === 'message' && s.attrs.from === from && s.getChildText('body') === body)

  test('operators write to each other, long messages too, and see each other type', async () => {
    const long = 'ü <b> & ☂ '.repeat(4000).trim()
    await ann.send(xml('message', { to: toB, type: 'chat' }, xml('composing', { xmlns: STATES })))
    await bob.when((s) => s.attrs.from === toA && s.getChild('composing') !== undefined)
    await write(ann, toB, 'hello')
    await write(ann, toB, long)
    expect((await read(bob, toA, 'hello')).getChildText('nick')).toBe('North')
    await read(bob, toA, long)
    await write(bob, toA, 'hi there')
    await read(ann, toB, 'hi there')
  })

  test('what comes while the operator is away is there when it comes back', async () => {
    await bob.quit()
    await write(ann, toB, 'where are you')
    // Behind it on the same link, so that the message has come when this has.
    await write(ann, toB, 'still there?')
    bob = await operator(b)
    await read(bob, toA, 'where are you')
    await read(bob, toA, 'still there?')
  })

  test('nobody else reaches a friend', async () => {
    const guest = await XmppUser.login(a.ports.c2s)
    await write(guest, toB, 'psst')
    const reply = await guest.when((s) => s.attrs.type === 'error' && s.attrs.from === toB)
    expect(reply.getChild('error')?.getChild('forbidden')).toBeDefined()
    await guest.quit()
  })

  test('an owner invites the friend to a private lobby; its operator enters the room and they talk', async () => {
    const lobby = await a.cli('lobby', 'create', 'Den', '--private')
    const roomA = `den.${lobby}@lobbies.localhost`
    await ann.join(roomA, 'Ann')
    const invite = xml('x', { xmlns: USER }, xml('invite', { to: toB }))
    await ann.send(xml('message', { to: roomA }, invite))
    const invitation = await bob.when(
      (s) => s.getChild('x', USER)?.getChild('invite')?.attrs.from === toA && s.attrs.from.includes(lobby),
    )
    expect(await b.json<Invited[]>('lobby', 'invites')).toEqual([
      {
        id: lobby,
        network: 'retroshare',
        name: 'Den',
        topic: '',
        private: true,
        room: invitation.attrs.from,
        invitedBy: [{ id: expect.stringMatching(/^[0-9a-f]{32}$/), name: 'North' }],
      },
    ])
    await bob.join(invitation.attrs.from, 'Bob')
    await ann.sees(roomA, 'Bob')
    await ann.say(roomA, 'welcome')
    await bob.heard(invitation.attrs.from, 'welcome')
    expect(await b.json<Invited[]>('lobby', 'invites')).toEqual([])
  })

  test('an invitation is declined in the client, and on the command line', async () => {
    const invited = async (name: string): Promise<string> => {
      const lobby = await a.cli('lobby', 'create', name, '--private')
      const room = `${name.toLowerCase()}.${lobby}@lobbies.localhost`
      await ann.join(room, 'Ann')
      await ann.send(xml('message', { to: room }, xml('x', { xmlns: USER }, xml('invite', { to: toB }))))
      await bob.when((s) => s.attrs.from === room && s.getChild('x', USER)?.getChild('invite') !== undefined)
      return lobby
    }
    const pending = (map: MapView): number => map.networks[0]?.invitations.length ?? 0
    const [attic, barn] = [await invited('Attic'), await invited('Barn')]
    await b.mapWhen<MapView>((map) => pending(map) === 2)
    await bob.send(
      xml(
        'message',
        { to: `attic.${attic}@lobbies.localhost` },
        xml('x', { xmlns: USER }, xml('decline', { to: toA })),
      ),
    )
    await b.mapWhen<MapView>((map) => pending(map) === 1)
    await b.cli('lobby', 'decline', barn)
    await b.mapWhen<MapView>((map) => pending(map) === 0)
    await expect(b.cli('lobby', 'decline', barn)).rejects.toThrow('NO_SUCH_INVITATION')
  })

  test('the banned are not heard while they are, nor friends that are ignored', async () => {
    const lobby = await a.cli('lobby', 'create', 'Yard')
    const room = `yard.${lobby}@lobbies.localhost`
    await b.mapWhen<MapView>((map) => Boolean(map.networks[0]?.lobbies.some(({ id }) => id === lobby)))
    await Promise.all([ann.join(room, 'Ann'), bob.join(room, 'Bob')])
    await Promise.all([ann.sees(room, 'Bob'), bob.sees(room, 'Ann')])
    const find = async (banned: boolean): Promise<string> => {
      const all = await b.json<{ id: string; nick: string | null; lobbies: string[]; banned: boolean }[]>(
        'identity',
        'list',
      )
      const is = (one: (typeof all)[number]): boolean =>
        banned ? one.banned : one.nick === 'Ann' && one.lobbies.includes(lobby)
      return all.find(is)?.id ?? ''
    }
    /** What was said before on the link has come when this has. */
    const settled = async (mark: string): Promise<void> => {
      await write(ann, toB, mark)
      await read(bob, toA, mark)
    }
    const identity = await find(false)
    await b.cli('identity', 'ban', identity)
    await bob.when(
      (s) => s.name === 'presence' && s.attrs.from === `${room}/Ann` && s.attrs.type !== undefined,
    )
    expect(await find(true)).toBe(identity)
    await ann.say(room, 'from the banned')
    await settled('after the banned')
    await b.cli('identity', 'unban', identity)
    await expect(b.cli('identity', 'unban', identity)).rejects.toThrow('NOT_BANNED')
    await ann.say(room, 'heard again')
    await bob.heard(room, 'heard again')

    const friend = toA.slice('friend.'.length, toA.indexOf('@'))
    await b.cli('friend', 'ignore', friend)
    expect(await b.cli('friend', 'list')).toContain('online, ignored')
    await ann.say(room, 'to the ignoring')
    await settled('after the ignored')
    await b.cli('friend', 'heed', friend)
    expect(await b.cli('friend', 'list')).not.toContain('ignored')
    await ann.say(room, 'heeded')
    await bob.heard(room, 'heeded')
    expect(bob.timesHeard(room, 'from the banned') + bob.timesHeard(room, 'to the ignoring')).toBe(0)
  })

  test('a friend that is away cannot be written to, and with acceptInvites its invitations need no answer', async () => {
    const friend = toA.slice('friend.'.length, toA.indexOf('@'))
    await bob.quit()
    await b.stop()
    await a.mapWhen<MapView>((map) => map.networks[0]?.friends[0]?.online === false)
    await write(ann, toB, 'gone?')
    const reply = await ann.when((s) => s.attrs.type === 'error' && s.attrs.id === 'gone?')
    expect(reply.getChild('error')?.getChild('recipient-unavailable')).toBeDefined()
    await b.start({ FOYER_RETROSHARE__ACCEPTINVITES: `[${friend}]` })
    await friendOf(a)
    const lobby = await a.cli('lobby', 'create', 'Cellar', '--private')
    const room = `cellar.${lobby}@lobbies.localhost`
    await ann.join(room, 'Ann')
    await ann.send(xml('message', { to: room }, xml('x', { xmlns: USER }, xml('invite', { to: toB }))))
    await b.mapWhen<MapView>((map) =>
      Boolean(map.networks[0]?.lobbies.some((one) => one.id === lobby && one.joined)),
    )
  }, 60_000)
})
