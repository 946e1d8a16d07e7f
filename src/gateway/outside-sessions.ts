/** Sessions in the rooms that are behind the host server: nobody tells when one of them ends. */
import type { OccupantRow } from '../archive/store.ts'
import { farewell, probe } from '../muc/ghosts.ts'
import type { KnownSession } from '../muc/room-port.ts'
import { type Jid, parseJid } from '../stanza/jid.ts'
import { DocumentParser } from '../stanza/parser.ts'
import { type Element, el, elements, serialize } from '../stanza/xml.ts'
import type { Rooms } from './rooms.ts'

export interface OutsideSessionsOptions {
  readonly rooms: Pick<Rooms, 'memberships' | 'note' | 'roomAt' | 'loaded'>
  /** Domain of the MUC service. */
  readonly domain: string
  /** Whether a session, full JID, is behind the host server. */
  isOutside(full: string): boolean
  send(to: string, stanza: Element): void
}

export class OutsideSessions {
  readonly #options: OutsideSessionsOptions

  constructor(options: OutsideSessionsOptions) {
    this.#options = options
  }

  /** All of them, by full JID. */
  *all(): Generator<string> {
    for (const full of this.#options.rooms.memberships.sessions())
      if (this.#options.isOutside(full)) yield full
  }

  /** Sends something to the session in the name of its rooms that comes back if nobody is there. */
  probe(full: string): void {
    for (const room of this.#options.rooms.memberships.roomsOf(full))
      this.#options.send(full, probe(room.jid, full))
  }

  /** None of them can be reached; how many places in rooms they had. */
  loseAll(): number {
    let count = 0
    for (const room of this.#options.rooms.loaded()) {
      const sessions = [...room.sessions()].filter((full) => this.#options.isOutside(full))
      if (sessions.length > 0) room.dispatch({ kind: 'sessions-unreachable', sessions })
      count += sessions.length
    }
    return count
  }

  /** What is to be known of a session in a room (localpart) after a restart; undefined when it is not in. */
  rowOf(localpart: string, full: string): OccupantRow | undefined {
    const session = this.#options.isOutside(full)
      ? this.#options.rooms.roomAt(localpart)?.session(full)
      : undefined
    return (
      session && {
        room: localpart,
        session: full,
        nick: session.nick,
        presence: serialize(el('presence', {}, ...session.payload)),
      }
    )
  }

  /** Puts them back where they were. */
  restore(rows: readonly OccupantRow[]): void {
    const byRoom = new Map<string, KnownSession[]>()
    for (const row of rows) {
      const jid = parseJid(row.session)
      const known = byRoom.get(row.room) ?? []
      if (jid) byRoom.set(row.room, [...known, { jid, nick: row.nick, payload: payloadOf(row) }])
    }
    for (const [localpart, sessions] of byRoom) {
      const room = this.#options.rooms.roomAt(localpart)
      if (!room) this.#dismiss(localpart, sessions)
      room?.dispatch({ kind: 'sessions-restored', sessions })
      if (room) for (const { jid } of sessions) this.#options.rooms.note(jid.full, room)
    }
  }

  /** Tells them that they are out. */
  dismiss(rows: readonly OccupantRow[]): void {
    for (const { room, session, nick } of rows) {
      const jid = parseJid(session)
      if (jid) this.#dismiss(room, [{ jid, nick }])
    }
  }

  #dismiss(localpart: string, sessions: readonly { readonly jid: Jid; readonly nick: string }[]): void {
    const { domain, send } = this.#options
    for (const { jid, nick } of sessions) send(jid.full, farewell(`${localpart}@${domain}/${nick}`, jid.full))
  }
}

const parser = new DocumentParser()

function payloadOf({ presence }: OccupantRow): readonly Element[] {
  const parsed = parser.parse(presence)
  return parsed.ok ? elements(parsed.value) : []
}
