/** What people do in rooms with a client of a terminal; how it is done is in `terminal-clients/`. */
import type { Peer } from './peers.ts'
import type { Terminal } from './terminal.ts'

export interface ChatAccount {
  readonly jid: string
  readonly password: string
  readonly port: number
  /** The certificate that vouches for the server's, PEM. */
  readonly root: string
}

/** Rooms are bare addresses; words and commands go to the room that was joined last. */
export interface ChatProgram {
  readonly peer: Peer
  /** Starts with nothing but the account, and resolves when it is logged in. */
  login(account: ChatAccount): Promise<Terminal>
  /** Asks for the list of rooms of a service; absent where a client has none. */
  list?(terminal: Terminal, service: string): Promise<void>
  /** Asks to be let in. Where it stands then, in or refused, its screen tells. */
  join(terminal: Terminal, room: string, nick: string, password?: string): Promise<void>
  /** Takes the new room that was just joined, where a client does not do so by itself. */
  take?(terminal: Terminal): Promise<void>
  say(terminal: Terminal, text: string): Promise<void>
  rename(terminal: Terminal, nick: string): Promise<void>
  setTopic(terminal: Terminal, text: string): Promise<void>
  invite(terminal: Terminal, jid: string, room: string): Promise<void>
  kick(terminal: Terminal, nick: string): Promise<void>
  /** Has the room that was joined last joined at each login. */
  bookmark(terminal: Terminal, room: string, nick: string): Promise<void>
  /** Comes back after its connection was cut, where it does not do so by itself. */
  reconnect?(terminal: Terminal, room: string, nick: string): Promise<void>
  /** Whether it then shows what was said a moment before; poezio asks for history up to the last whole second. */
  readonly catchesUp: boolean
  /** Resolve when it shows that the room cellar… refused it, that it is invited there, and why Operator kicked it. */
  seesRefusal(terminal: Terminal): Promise<void>
  seesInvitation(terminal: Terminal): Promise<void>
  seesKick(terminal: Terminal, reason: string): Promise<void>
}
