// slixmpp uses what an account offers: nodes, carbons, blocking, another password.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { describeWith, python } from '../support/peers.ts'
import { SlixmppClient } from '../support/slixmpp.ts'
import { startXmppServer } from '../support/xmpp-server.ts'

const SCRIPT = new URL('../peers/slixmpp_account.py', import.meta.url).pathname

describeWith(['slixmpp'], 'slixmpp', () => {
  test('publishes, copies, blocks and changes its password', async () => {
    const running = await startXmppServer()
    const { stdout } = await promisify(execFile)(python(), ['-u', SCRIPT, '127.0.0.1', String(running.port)])
    await running.close()
    expect(JSON.parse(stdout)).toEqual({
      bookmark: ['tea@lobbies.localhost'],
      'old bookmark': ['tea@lobbies.localhost'],
      nick: 'Ally',
      avatar: true,
      sent: 'out',
      received: 'in',
      blocked: ['bob@localhost'],
      refused: 'service-unavailable',
      'old password': false,
      'new password': true,
    })
  }, 90_000)

  test('asks for presence, grants it, and sees the other come and go', async () => {
    const running = await startXmppServer()
    const alice = await SlixmppClient.login(running.port, 'alice@localhost/a', 'wonder')
    const bob = await SlixmppClient.login(running.port, 'bob@localhost/b', 'builder')
    await alice.do('contact', { jid: 'bob@localhost' })
    await alice.when((event) => event.event === 'online' && event.jid === 'bob@localhost/b')
    await bob.when((event) => event.event === 'online' && event.jid === 'alice@localhost/a')
    expect((await alice.do('roster')).contacts).toEqual({ 'bob@localhost': 'both' })
    expect((await bob.do('roster')).contacts).toEqual({ 'alice@localhost': 'both' })
    bob.quit()
    await alice.when((event) => event.event === 'offline' && event.jid === 'bob@localhost/b')
    alice.quit()
    await running.close()
  }, 90_000)
})
