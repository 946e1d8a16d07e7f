// An operator runs the gateway from a real client (slixmpp, XEP-0050), and the command line sees what came of it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { SlixmppClient } from '../support/slixmpp.ts'

const SERVICE = 'lobbies.localhost'

describeWith(['slixmpp'], 'slixmpp with ad-hoc commands', () => {
  let gateway: FoyerProcess
  let boss: SlixmppClient

  beforeAll(async () => {
    gateway = await FoyerProcess.start({
      FOYER_XMPP__SERVER__AUTH: 'both',
      FOYER_XMPP__ADMINS: '[boss@localhost]',
    })
    await gateway.cliWith('wonder\n', 'user', 'add', 'boss', '--password-stdin')
    boss = await SlixmppClient.login(gateway.ports.c2s, 'boss@localhost/desk', 'wonder')
  }, 60_000)
  afterAll(async () => {
    boss?.quit()
    await gateway?.dispose()
  })

  const run = (node: string, values: Record<string, string> = {}) =>
    boss.do('command', { service: SERVICE, node, values })

  test('a lobby that was made by a command is there for the command line', async () => {
    expect((await boss.do('commands', { service: SERVICE })).nodes).toContain('lobby-create')
    const made = await run('lobby-create', { name: 'Tea', topic: 'Leaves' })
    expect(made).toMatchObject({ status: 'completed', steps: [['complete']] })
    const [lobby] = JSON.parse(await gateway.cli('lobby', 'list', '--json'))
    expect(lobby).toMatchObject({ name: 'Tea', topic: 'Leaves', joined: true })
    expect(made.notes).toEqual([['info', `Lobby ${lobby.id} is made; its room is ${lobby.room}.`]])
    expect((await run('lobby-list')).rows).toEqual([
      expect.objectContaining({ id: lobby.id, name: 'Tea', joined: 'yes', room: lobby.room }),
    ])
  })

  test('an account that was added by a command logs in, and is gone when its removal is confirmed', async () => {
    await run('user-add', { name: 'ann', password: 'sugar' })
    const ann = await SlixmppClient.login(gateway.ports.c2s, 'ann@localhost/cup', 'sugar')
    expect((await ann.do('commands', { service: SERVICE })).nodes).toEqual(['stay', 'stay-list'])
    await expect(ann.do('command', { service: SERVICE, node: 'user-list' })).rejects.toThrow('forbidden')
    const removed = await run('user-remove', { name: 'ann' })
    expect(removed).toMatchObject({
      status: 'completed',
      steps: [['next'], ['complete', 'prev']],
      notes: [['info', 'Done.']],
    })
    await ann.when((event) => event.event === 'disconnected')
    expect(await gateway.cli('user', 'list')).not.toContain('ann')
    ann.quit()
  })

  test('the invitation of a command is that of the command line', async () => {
    const { values } = await run('invite')
    expect((values as { text: string }).text).toBe((await gateway.cli('invite')).trim())
    expect((await run('friend-add', { invite: 'please' })).notes).toEqual([
      ['error', expect.stringMatching(/\[[A-Z_]+\]$/)],
    ])
  })
})
