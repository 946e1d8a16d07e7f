// kill -9 under load: nothing that was reflected is missing from the archive, and nothing is there twice.
import { xml } from '@xmpp/client'
import { expect, test } from 'vitest'
import { FoyerProcess } from '../support/foyer-process.ts'
import { XmppUser } from '../support/xmpp-user.ts'

const ROUNDS = 5
const SENDERS = 3
/** Messages on their way per sender: enough that a kill always finds some between stanza and commit. */
const WINDOW = 20

test('what was reflected before a kill is in the archive once', async () => {
  const foyer = await FoyerProcess.start({ FOYER_LOG__LEVEL: 'info' })
  try {
    const room = 'load@lobbies.localhost'
    const reflected = new Set<string>()
    for (let round = 0; round < ROUNDS; round++) {
      const users = await Promise.all(Array.from({ length: SENDERS }, () => XmppUser.login(foyer.ports.c2s)))
      for (const [i, user] of users.entries()) await user.join(room, `Sender ${i}`)
      const first = users[0] as XmppUser
      await Promise.all(users.map((user, i) => talkUntilKilled(user, room, `${round}/${i}`, foyer, i === 0)))
      // Copies to any occupant count: all of them are sent after the commit.
      for (const stanza of first.stanzas) {
        const body = stanza.name === 'message' ? stanza.getChildText('body') : undefined
        if (body) reflected.add(body)
      }
      await foyer.start()
    }
    const reader = await XmppUser.login(foyer.ports.c2s)
    await reader.join(room, 'Reader')
    const stored = (await reader.archive(room)).map((message) => message.body)
    await reader.quit()
    expect(reflected.size).toBeGreaterThan(ROUNDS * SENDERS)
    expect([...reflected].filter((body) => !stored.includes(body))).toEqual([])
    expect(stored.length).toBe(new Set(stored).size)
  } finally {
    await foyer.dispose()
  }
}, 120_000)

test('a lobby that the command line made is there after a kill in the next moment', async () => {
  const foyer = await FoyerProcess.start()
  try {
    const id = await foyer.cli('lobby', 'create', 'Short-lived?')
    await foyer.stop('SIGKILL')
    await foyer.start()
    const lobbies = await foyer.json<{ id: string; joined: boolean }[]>('lobby', 'list')
    expect(lobbies).toContainEqual(expect.objectContaining({ id, joined: true }))
  } finally {
    await foyer.dispose()
  }
}, 60_000)

test('what an owner was told to be done is done after a kill in the same moment', async () => {
  const foyer = await FoyerProcess.start()
  const MUC = 'http://jabber.org/protocol/muc'
  const configure = (field: string, value: string) =>
    xml(
      'query',
      { xmlns: `${MUC}#owner` },
      xml(
        'x',
        { xmlns: 'jabber:x:data', type: 'submit' },
        xml('field', { var: 'FORM_TYPE' }, xml('value', {}, `${MUC}#roomconfig`)),
        xml('field', { var: field }, xml('value', {}, value)),
      ),
    )
  try {
    const [closed, destroyed] = ['closed@lobbies.localhost', 'destroyed@lobbies.localhost']
    const owner = await XmppUser.login(foyer.ports.c2s)
    await owner.join(closed, 'Owner')
    await owner.join(destroyed, 'Owner')
    const end = xml('query', { xmlns: `${MUC}#owner` }, xml('destroy', { jid: closed }))
    expect((await owner.iq('set', destroyed, end)).attrs.type).toBe('result')
    expect((await owner.iq('set', closed, configure('muc#roomconfig_membersonly', '1'))).attrs.type).toBe(
      'result',
    )
    await foyer.stop('SIGKILL')
    await foyer.start()
    const guest = await XmppUser.login(foyer.ports.c2s)
    await expect(guest.join(closed, 'Guest')).rejects.toThrow('registration-required')
    await expect(guest.join(destroyed, 'Guest')).rejects.toThrow(`xmpp:${closed}?join`)
    await guest.quit()
  } finally {
    await foyer.dispose()
  }
}, 60_000)

/** Keeps a window of messages on their way; the killer strikes in the middle of it. */
async function talkUntilKilled(
  user: XmppUser,
  room: string,
  name: string,
  foyer: FoyerProcess,
  isKiller: boolean,
) {
  const say = async (from: number, to: number) => {
    for (let n = from; n < to; n++) await user.say(room, `${name} ${n}`).catch(() => undefined)
  }
  await say(0, WINDOW)
  if (!isKiller) return
  await user.heard(room, `${name} 5`)
  await say(WINDOW, 2 * WINDOW)
  await foyer.stop('SIGKILL')
}
