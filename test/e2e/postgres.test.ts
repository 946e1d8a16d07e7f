// A gateway on PostgreSQL whose server is killed, restarted and away: what was reflected is stored once, users are told.
import { xml } from '@xmpp/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { PostgresServer } from '../support/postgres.ts'
import { XmppUser } from '../support/xmpp-user.ts'

const ROUNDS = 4
const SENDERS = 3
/** Messages on their way per sender and round. */
const WINDOW = 12

describeWith(['postgresql'], 'a gateway on PostgreSQL', () => {
  let server: PostgresServer
  let foyer: FoyerProcess
  beforeAll(async () => {
    server = await PostgresServer.start()
    foyer = await FoyerProcess.start({ FOYER_ARCHIVE__URL: await server.database() })
  }, 60_000)
  afterAll(async () => {
    await foyer.dispose()
    await server.dispose()
  })

  /** `stored` when the message comes back, else the condition of the error. Every message ends in one of them. */
  const outcome = async (user: XmppUser, room: string, body: string): Promise<string> => {
    const id = await user.say(room, body)
    const end = await user.when(
      (s) => s.name === 'message' && s.attrs.id === id && s.attrs.from?.startsWith(room),
      60_000,
    )
    if (end.attrs.type !== 'error') return 'stored'
    return end.getChild('error')?.getChildElements()[0]?.name ?? 'error'
  }

  test('what was reflected is stored once, and what was refused is not, however often the server is killed', async () => {
    const room = 'load@lobbies.localhost'
    const users = await Promise.all(Array.from({ length: SENDERS }, () => XmppUser.login(foyer.ports.c2s)))
    for (const [i, user] of users.entries()) await user.join(room, `Sender ${i}`)
    const ends = new Map<string, string>()
    for (let round = 0; round < ROUNDS; round++) {
      const said = users.flatMap((user, i) =>
        Array.from({ length: WINDOW }, async (_, n) => {
          const body = `${round}/${i}/${n}`
          ends.set(body, await outcome(user, room, body))
        }),
      )
      await Promise.race(said)
      await server.stop(round % 2 === 0 ? 'SIGKILL' : 'SIGINT')
      await server.start()
      await Promise.all(said)
    }
    const stored = (await (users[0] as XmppUser).archive(room)).map((message) => message.body)
    const reflected = [...ends].filter(([, end]) => end === 'stored').map(([body]) => body)
    expect(ends.size).toBe(ROUNDS * SENDERS * WINDOW)
    expect(reflected.length).toBeGreaterThan(ROUNDS)
    expect([...stored].sort()).toEqual([...reflected].sort())
    await Promise.all(users.map((user) => user.quit()))
  }, 120_000)

  test('while the server is away users are told so, and all is well again when it is back', async () => {
    const room = 'away@lobbies.localhost'
    const [ann, bob] = [await XmppUser.login(foyer.ports.c2s), await XmppUser.login(foyer.ports.c2s)]
    await ann.join(room, 'Ann')
    expect(await outcome(ann, room, 'before')).toBe('stored')
    await server.stop()
    const lost = await foyer.mapWhen<{ problems: string[] }>((map) => map.problems.length > 0)
    expect(lost.problems).toEqual(['archive: the database is out of reach, see the log'])

    expect(await outcome(ann, room, 'meanwhile')).toBe('resource-constraint')
    await bob.join(room, 'Bob')
    const query = await bob.iq('set', room, xml('query', { xmlns: 'urn:xmpp:mam:2' }))
    expect(query.attrs.type).toBe('error')
    const ready = await foyer.http('/readyz')
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ problems: lost.problems })
    const metrics = await (await foyer.http('/metrics')).text()
    expect(metrics).toMatch(/^foyer_archive_up 0$/m)
    expect(metrics).toMatch(/^foyer_archive_messages nan$/im)
    expect(await foyer.json('status')).toMatchObject({ archive: null, problems: lost.problems })
    expect(bob.timesHeard(room, 'meanwhile')).toBe(0)
    await expect(bob.join('made@lobbies.localhost', 'Bob')).rejects.toThrow('internal-server-error')

    await server.start()
    await foyer.mapWhen<{ problems: string[] }>((map) => map.problems.length === 0)
    expect(await outcome(bob, room, 'after')).toBe('stored')
    await bob.join('made@lobbies.localhost', 'Bob')
    expect((await foyer.http('/readyz')).status).toBe(200)
    expect((await ann.archive(room)).map((message) => message.body)).toEqual(['before', 'after'])
    expect(foyer.log).not.toContain(server.password)
    await Promise.all([ann.quit(), bob.quit()])
  }, 60_000)

  test('a gateway that is killed comes back with its rooms, and a second one is refused meanwhile', async () => {
    const room = 'kept@lobbies.localhost'
    const ann = await XmppUser.login(foyer.ports.c2s)
    await ann.join(room, 'Ann')
    expect(await outcome(ann, room, 'remember')).toBe('stored')
    const made = async () =>
      (await foyer.json<{ id: string; room: string }[]>('lobby', 'list')).find(
        (lobby) => lobby.room === 'made@lobbies.localhost',
      )
    const before = await made()
    expect(before).toBeDefined()
    await expect(FoyerProcess.start({ FOYER_ARCHIVE__URL: await server.database('test0') })).rejects.toThrow(
      'ARCHIVE_LOCKED',
    )
    await foyer.stop('SIGKILL')
    await foyer.start()
    const after = await XmppUser.login(foyer.ports.c2s)
    await after.join(room, 'Ann')
    expect((await after.archive(room)).map((message) => message.body)).toEqual(['remember'])
    await after.join('made@lobbies.localhost', 'Ann')
    expect((await made())?.id).toBe(before?.id)
    await after.quit()
  }, 60_000)
})
