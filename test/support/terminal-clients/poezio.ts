/** poezio, driven in a terminal. */
import { setTimeout } from 'node:timers/promises'
import type { ChatProgram } from '../chat-program.ts'
import { Terminal } from '../terminal.ts'

/** Some tabs take a slash as a key of its own, and only then text. */
async function command(terminal: Terminal, text: string): Promise<void> {
  await terminal.write('/')
  await terminal.type(text)
}

export const poezio: ChatProgram = {
  peer: 'poezio',
  async login({ jid, password, port, root }) {
    const account = { jid: `${jid}/poez`, password, custom_host: '127.0.0.1', custom_port: port }
    const settings = { ...account, force_encryption: false, ca_cert_path: 'root.pem', popup_time: 60 }
    const terminal = new Terminal({
      program: 'poezio',
      files: {
        'root.pem': root,
        '.config/poezio/poezio.cfg': `[Poezio]\n${Object.entries(settings)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join('')}`,
      },
      isNotForRoot: true,
    })
    await terminal.shows(/Your JID is/)
    return terminal
  },
  list: (terminal, service) => command(terminal, `list ${service}`),
  async join(terminal, room, nick, password) {
    // It asks the archive for what was said before the second in which it enters.
    await setTimeout(1000 - (Date.now() % 1000))
    await command(terminal, `join ${room}/${nick}${password === undefined ? '' : ` ${password}`}`)
  },
  // It knows no locked rooms; the first words take a room.
  async take(terminal) {
    await terminal.shows(/The room has been created/)
    await terminal.type('first words')
  },
  say: (terminal, text) => terminal.type(text),
  rename: (terminal, nick) => command(terminal, `nick ${nick}`),
  setTopic: (terminal, text) => command(terminal, `topic ${text}`),
  invite: (terminal, jid, room) => command(terminal, `invite ${jid} ${room}`),
  kick: (terminal, nick) => command(terminal, `kick ${nick}`),
  bookmark: (terminal, room, nick) => command(terminal, `bookmark ${room}/${nick} true`),
  catchesUp: false,
  // It does not show why.
  seesRefusal: (terminal) => terminal.shows(/Thirsty -!- Not connected/),
  async seesInvitation(terminal) {
    await command(terminal, 'win 0')
    await terminal.shows(/You are invited to the room/)
  },
  seesKick: (terminal, reason) => terminal.shows(new RegExp(`You .*have been kicked.*${reason}`)),
}
