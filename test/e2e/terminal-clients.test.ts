// Clients of a terminal in rooms, on Foyer's own server and behind Prosody, where a moderator with slixmpp meets them.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, test } from 'vitest'
import type { ChatProgram } from '../support/chat-program.ts'
import { cuttable } from '../support/cuttable.ts'
import { HOMES, type Home } from '../support/homes.ts'
import { Operator } from '../support/operator.ts'
import { describeWith } from '../support/peers.ts'
import { SlixmppClient } from '../support/slixmpp.ts'
import type { Terminal } from '../support/terminal.ts'
import { mcabber } from '../support/terminal-clients/mcabber.ts'
import { poezio } from '../support/terminal-clients/poezio.ts'
import { profanity } from '../support/terminal-clients/profanity.ts'

const run = promisify(execFile)
const SERVICE = 'lobbies.localhost'
const PROGRAMS: readonly ChatProgram[] = [profanity, mcabber, poezio]

for (const [server, { peers, start }] of Object.entries(HOMES))
  describeWith([...peers, 'slixmpp'], `on ${server}`, () => {
    let home: Home
    let operator: Operator

    beforeAll(async () => {
      home = await start(['operator', 'sender', ...PROGRAMS.map(({ peer }) => peer)])
      operator = new Operator(await SlixmppClient.login(home.c2s, 'operator@localhost', 'secret'))
    }, 60_000)
    afterAll(async () => {
      operator?.client.quit()
      await home?.dispose()
    })

    for (const program of PROGRAMS)
      describeWith([program.peer], program.peer, () => {
        const room = `tea-${program.peer}@${SERVICE}`
        const cellar = `cellar-${program.peer}@${SERVICE}`
        const own = `own-${program.peer}@${SERVICE}`
        const account = { jid: `${program.peer}@localhost`, password: 'secret' }
        let way: Awaited<ReturnType<typeof cuttable>>
        let terminal: Terminal

        beforeAll(async () => {
          way = await cuttable(home.c2s)
          await operator.open(room)
          await operator.say(room, 'said before')
          await operator.open(cellar, { passwordprotectedroom: '1', roomsecret: 'sesame' })
        })
        afterAll(() => {
          terminal?.quit()
          way?.close()
        })
        const picture = (name: string) =>
          terminal.picture(`${program.peer}-${peers.length > 0 ? 'prosody' : 'own'}-${name}`)

        test('logs in', async () => {
          terminal = await program.login({ ...account, port: way.port, root: home.root })
        }, 90_000)

        const { list } = program
        if (list)
          test('lists the rooms', async () => {
            await list(terminal, SERVICE)
            await terminal.shows(new RegExp(`tea-${program.peer}`))
            await picture('list')
          }, 90_000)

        test('joins, and shows who is there and what was said before', async () => {
          const enters = operator.next(room, 'First')
          await program.join(terminal, room, 'First')
          await enters()
          await terminal.shows(/said before/)
          await terminal.shows(/Operator/)
        }, 90_000)

        test('talks with the others', async () => {
          await program.say(terminal, 'hello from here')
          await operator.hears(room, 'First', 'hello from here')
          await operator.say(room, 'hello from there')
          await terminal.shows(/hello from there/)
        }, 90_000)

        test('takes another nick', async () => {
          const renamed = operator.next(room, 'Second')
          await program.rename(terminal, 'Second')
          await renamed()
          await terminal.shows(/Second/)
          await program.say(terminal, 'under another nick')
          await operator.hears(room, 'Second', 'under another nick')
          await terminal.shows(/under another nick/)
          await picture('room')
        }, 90_000)

        test('is cut off, comes back, and shows what was said meanwhile where it asks for that', async () => {
          const isBack = operator.next(room, 'Second')
          way.cut()
          await operator.say(room, 'said while away')
          await program.reconnect?.(terminal, room, 'Second')
          if (program.catchesUp) await terminal.shows(/said while away/)
          else await isBack()
          await program.say(terminal, 'back again')
          await operator.hears(room, 'Second', 'back again')
        }, 120_000)

        test('shows that it was kicked, and why, and comes back', async () => {
          await operator.kick(room, 'Second', 'because they may')
          await program.seesKick(terminal, 'because they may')
          await picture('kicked')
          const enters = operator.next(room, 'Third')
          await program.join(terminal, room, 'Third')
          await enters()
        }, 90_000)

        test('is refused where a password is asked for, invited, and let in with it', async () => {
          await program.join(terminal, cellar, 'Thirsty')
          await program.seesRefusal(terminal)
          await operator.invite(cellar, account.jid)
          await program.seesInvitation(terminal)
          await picture('invited')
          const enters = operator.next(cellar, 'Guest')
          await program.join(terminal, cellar, 'Guest', 'sesame')
          await enters()
        }, 90_000)

        test('makes a room, sets its topic, invites somebody and kicks them', async () => {
          await program.join(terminal, own, 'Maker')
          await program.take?.(terminal)
          await program.setTopic(terminal, 'brewing tea')
          await program.invite(terminal, 'operator@localhost', own)
          await operator.client.when((e) => e.event === 'invited' && e.room === own, 60_000)
          await operator.client.do('join', { room: own, nick: 'Friend' })
          await operator.client.when(
            (e) => e.event === 'subject' && e.room === own && e.subject === 'brewing tea',
            60_000,
          )
          await terminal.shows(/Friend/)
          const leaves = operator.next(own, 'Friend', 'unavailable')
          await program.kick(terminal, 'Friend')
          await leaves()
          await picture('own')
        }, 90_000)

        test('joins what it has bookmarked when it is started anew', async () => {
          await program.join(terminal, room, 'Third')
          await program.bookmark(terminal, room, 'Marked')
          // What was sent before these words has arrived.
          await program.say(terminal, 'see you')
          await operator.hears(room, 'Third', 'see you')
          terminal.quit()
          const enters = operator.next(room, 'Marked')
          terminal = await program.login({ ...account, port: way.port, root: home.root })
          await enters()
        }, 90_000)
      })

    describeWith(['go-sendxmpp'], 'go-sendxmpp', () => {
      test('joins a room, says what it was given, and leaves', async () => {
        const room = `tea-sender@${SERVICE}`
        await operator.open(room)
        const account = ['-u', 'sender@localhost', '-p', 'secret', '-n', '-j', `127.0.0.1:${home.c2s}`]
        const sent = run('go-sendxmpp', [...account, '-c', '-a', 'Sender', room])
        sent.child.stdin?.end('sent by a script\n')
        await sent
        await operator.hears(room, 'Sender', 'sent by a script')
      }, 60_000)
    })
  })
