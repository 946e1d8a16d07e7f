// Two Foyer processes: an account of one stays in a lobby while it is away, and while its gateway is started again.
import { xml } from '@xmpp/client'
import type { Element } from '@xmpp/xml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { XmppUser } from '../support/xmpp-user.ts'

interface MapView {
  networks: { lobbies: { id: string; joined: boolean; room: string }[] }[]
  rooms: {
    jid: string
    occupants: { nick: string; away: boolean; side: string; identity: string | null }[]
  }[]
}

let a: FoyerProcess
let b: FoyerProcess
let carl: XmppUser
const users: XmppUser[] = []

const lobbyIn = (map: MapView, id: string) => map.networks[0]?.lobbies.find((lobby) => lobby.id === id)
const occupant = (map: MapView, room: string, nick: string) =>
  map.rooms.find(({ jid }) => jid === room)?.occupants.find((one) => one.nick === nick)

async function login(username: string): Promise<XmppUser> {
  const user = await XmppUser.login(a.ports.c2s, { username, password: 'wonder' })
  users.push(user)
  await user.send(xml('presence'))
  return user
}

beforeAll(async () => {
  ;[a, b] = (await Promise.all([
    FoyerProcess.start({ FOYER_XMPP__SERVER__AUTH: 'accounts' }),
    FoyerProcess.start(),
  ])) as [FoyerProcess, FoyerProcess]
  for (const name of ['ann', 'dora']) await a.cliWith('wonder\n', 'user', 'add', name, '--password-stdin')
  await befriend(a, b)
}, 60_000)

afterAll(async () => {
  await Promise.all([carl?.quit(), ...users.map((user) => user.quit())])
  await Promise.all([a?.dispose(), b?.dispose()])
})

test('who stays is seen by the other node while away and after a restart, and gets the mentions on return', async () => {
  const lobby = await b.cli('lobby', 'create', 'Tea')
  const roomB =
    lobbyIn(await b.mapWhen<MapView>((map) => lobbyIn(map, lobby) !== undefined), lobby)?.room ?? ''
  const roomA =
    lobbyIn(await a.mapWhen<MapView>((map) => lobbyIn(map, lobby) !== undefined), lobby)?.room ?? ''
  carl = await XmppUser.login(b.ports.c2s)
  await carl.join(roomB, 'Carl')
  const first = await login('ann')
  await first.join(roomA, 'Ann')
  const field = (name: string, value: string) => xml('field', { var: name }, xml('value', {}, value))
  const form = xml(
    'x',
    { xmlns: 'jabber:x:data', type: 'submit' },
    field('FORM_TYPE', 'http://jabber.org/protocol/muc#register'),
    field('muc#register_roomnick', 'Ann'),
    field('foyer#stay', '1'),
  )
  const answer = await first.iq('set', roomA, xml('query', { xmlns: 'jabber:iq:register' }, form))
  expect(answer.attrs.type).toBe('result')
  await carl.sees(roomB, 'Ann')
  const before = await b.mapWhen<MapView>((map) => occupant(map, roomB, 'Ann') !== undefined)
  await first.quit()
  await a.mapWhen<MapView>((map) => occupant(map, roomA, 'Ann')?.away === true)

  const dora = await login('dora')
  await dora.join(roomA, 'Dora')
  await carl.say(roomB, 'ann, tea is ready')
  await dora.heard(roomA, 'ann, tea is ready')
  await a.stop()
  await b.mapWhen<MapView>((map) => occupant(map, roomB, 'Ann') === undefined)
  await a.start()
  const after = await b.mapWhen<MapView>((map) => occupant(map, roomB, 'Ann') !== undefined)
  expect(occupant(after, roomB, 'Ann')?.identity).toBe(occupant(before, roomB, 'Ann')?.identity)
  expect(
    occupant(await a.mapWhen<MapView>((map) => occupant(map, roomA, 'Ann') !== undefined), roomA, 'Ann'),
  ).toMatchObject({
    side: 'local',
    away: true,
  })

  const second = await login('ann')
  const mention = await second.when(
    (stanza: Element) => stanza.getChildText('body')?.endsWith('ann, tea is ready') ?? false,
    40_000,
  )
  expect(mention.attrs.from).toBe(roomA)
  const forwarded = mention
    .getChild('mentions', 'urn:xmpp:mmn:0')
    ?.getChild('forwarded', 'urn:xmpp:forward:0')
  expect(forwarded?.getChild('message')?.attrs.from).toBe(`${roomA}/Carl`)
}, 120_000)

test('who is configured to stay is there without having come, gets the mentions on return, and goes with the configuration', async () => {
  const lobby = await b.cli('lobby', 'create', 'Library')
  const roomB =
    lobbyIn(await b.mapWhen<MapView>((map) => lobbyIn(map, lobby) !== undefined), lobby)?.room ?? ''
  await carl.join(roomB, 'Carl')
  const configured = { FOYER_RETROSHARE__STAYING: `{ ${lobby}: { dora@localhost: Librarian } }` }
  await a.stop()
  await a.start(configured)
  await b.mapWhen<MapView>((map) => occupant(map, roomB, 'Librarian') !== undefined)
  await carl.sees(roomB, 'Librarian')
  await carl.say(roomB, 'librarian, a book is back')
  const roomA = lobbyIn(await a.mapWhen<MapView>((map) => lobbyIn(map, lobby) !== undefined), lobby)?.room
  const dora = await login('dora')
  const mention = await dora.when(
    (stanza: Element) => stanza.getChildText('body')?.endsWith('librarian, a book is back') ?? false,
    40_000,
  )
  expect(mention.attrs.from).toBe(roomA)

  await a.stop()
  await b.mapWhen<MapView>((map) => occupant(map, roomB, 'Librarian') === undefined)
  await a.start()
  const after = await a.mapWhen<MapView>((map) => lobbyIn(map, lobby) !== undefined)
  expect(occupant(after, roomA ?? '', 'Librarian')).toBeUndefined()
}, 120_000)
