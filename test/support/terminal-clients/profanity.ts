/** Profanity, driven in a terminal. */
import type { ChatProgram } from '../chat-program.ts'
import { Terminal } from '../terminal.ts'

export const profanity: ChatProgram = {
  peer: 'profanity',
  async login({ jid, password, port }) {
    const account = { enabled: true, jid, password, server: '127.0.0.1', port, resource: 'prof' }
    const terminal = new Terminal({
      program: 'profanity',
      args: ['-a', 'me'],
      files: {
        '.local/share/profanity/accounts': `[me]\n${Object.entries({ ...account, 'tls.policy': 'trust' })
          .map(([key, value]) => `${key}=${value}\n`)
          .join('')}`,
        '.config/profanity/profrc': '[connection]\nreconnect=1\nautoping=0\n',
      },
    })
    await terminal.shows(/logged in successfully/)
    return terminal
  },
  async list(terminal, service) {
    await terminal.type('/win 1')
    await terminal.type(`/rooms service ${service}`)
  },
  join: (terminal, room, nick, password) =>
    terminal.type(`/join ${room} nick ${nick}${password === undefined ? '' : ` password ${password}`}`),
  async take(terminal) {
    await terminal.shows(/locked/)
    await terminal.type('/room accept')
  },
  say: (terminal, text) => terminal.type(text),
  rename: (terminal, nick) => terminal.type(`/nick ${nick}`),
  setTopic: (terminal, text) => terminal.type(`/subject set "${text}"`),
  invite: (terminal, jid) => terminal.type(`/invite send ${jid}`),
  kick: (terminal, nick) => terminal.type(`/kick ${nick}`),
  async bookmark(terminal, room, nick) {
    // It may have bookmarked the room by itself.
    await terminal.type(`/bookmark remove ${room}`)
    await terminal.type(`/bookmark add ${room} nick ${nick} autojoin on`)
  },
  catchesUp: true,
  async seesRefusal(terminal) {
    await terminal.type('/win 1')
    await terminal.shows(/Error joining room cellar/)
  },
  seesInvitation: (terminal) => terminal.shows(/invite received:[\s\S]*Room +: cellar/),
  seesKick: (terminal, reason) => terminal.shows(new RegExp(`Kicked from .*${reason}`)),
}
