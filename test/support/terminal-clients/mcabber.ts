/** mcabber, driven in a terminal. */
import type { ChatProgram } from '../chat-program.ts'
import { Terminal } from '../terminal.ts'

const nameOf = (room: string): string => room.split('@')[0] ?? ''

export const mcabber: ChatProgram = {
  peer: 'mcabber',
  async login({ jid, password, port }) {
    const account = { jid, password, server: '127.0.0.1', port, resource: 'mcab' }
    // Where TLS is offered it uses it, and judges certificates by their fingerprints alone.
    const settings = { ...account, tls: 0, ssl_ignore_checks: 1, log_win_height: 40 }
    const terminal = new Terminal({
      program: 'mcabber',
      files: {
        '.mcabber/mcabberrc': Object.entries(settings)
          .map(([key, value]) => `set ${key} = ${value}\n`)
          .join(''),
      },
    })
    await terminal.shows(/Your status has been set: \[_>o\]/)
    return terminal
  },
  async join(terminal, room, nick, password = '') {
    await terminal.type(`/room join ${room} ${nick} ${password}`.trim())
    await terminal.shows(new RegExp(`You have joined ${room} as "${nick}"|not-authorized`))
    await terminal.type(`/roster search ${nameOf(room)}`)
    // Without text it opens the room that is selected.
    terminal.press('Enter')
    await terminal.shows(new RegExp(`^~.*${room}`, 'm'))
  },
  say: (terminal, text) => terminal.type(text),
  rename: (terminal, nick) => terminal.type(`/room nick ${nick}`),
  setTopic: (terminal, text) => terminal.type(`/room topic ${text}`),
  invite: (terminal, jid) => terminal.type(`/room invite ${jid}`),
  kick: (terminal, nick) => terminal.type(`/room kick ${nick}`),
  bookmark: (terminal, _room, nick) => terminal.type(`/room bookmark add +autojoin ${nick}`),
  async reconnect(terminal, room, nick) {
    await terminal.shows(/^\[.*\] Disconnected/m)
    await terminal.type('/connect')
    await terminal.shows(/^\[.*\] Disconnected[\s\S]*^\[.*\] Your status has been set: \[_>o\]/m)
    await mcabber.join(terminal, room, nick)
  },
  catchesUp: true,
  seesRefusal: (terminal) => terminal.shows(/This room asks for a password/),
  seesInvitation: (terminal) => terminal.shows(/Received an invitation to <cellar/),
  seesKick: (terminal, reason) =>
    terminal.shows(new RegExp(`You have been kicked from .* by Operator\\s[^<]*Reason: ${reason}`)),
}
