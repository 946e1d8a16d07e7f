/** Ad-hoc commands for everybody: to stay in lobbies while one is away, without the form of each room's registration. */
import type { AdHocCommand, Outcome } from '../admin/ad-hoc-command.ts'
import { stayRequest } from '../muc/register.ts'
import { tableElement } from '../stanza/data-form.ts'
import { type Jid, parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { childOf, elements } from '../stanza/xml.ts'
import type { LoadedRoom } from './loaded-room.ts'
import type { Rooms } from './rooms.ts'

export interface StayCommandsOptions {
  /** Domain of the MUC service. */
  readonly domain: string
  readonly rooms: Pick<Rooms, 'loaded' | 'roomAt' | 'row'>
}

/** A room that an account has to do with, and the nick that it has registered there; empty: none. */
interface Tie {
  readonly room: LoadedRoom
  readonly nick: string
  readonly isStaying: boolean
}

export function stayCommands(options: StayCommandsOptions): AdHocCommand[] {
  return [
    {
      node: 'stay',
      name: 'Stay in a lobby while away',
      instructions:
        'Who stays is seen in the lobby under the nickname, which is kept for them in the room, and gets ' +
        'messages that mention it.',
      fields: async (asker) => {
        const rooms = tiesOf(asker, options).map(({ room }) => ({
          value: room.jid,
          label: `${room.name} (${room.jid})`,
        }))
        const [first] = rooms
        const base = { name: 'room', label: 'Room', isRequired: true }
        return [
          first
            ? { ...base, type: 'list-single', values: [first.value], options: rooms, isOpen: true }
            : { ...base, type: 'text-single', values: [] },
          {
            name: 'nick',
            type: 'text-single',
            label: 'Nickname; without one, that which you have there',
            values: [],
          },
          { name: 'stay', type: 'boolean', label: 'Stay', values: ['1'] },
        ]
      },
      run: async (asker, answers) => {
        const room = findRoom(answers.get('room') ?? '', options)
        if (!room || room.isLocked) return refused('There is no such room.')
        const nick =
          answers.get('nick') ?? room.registrationOf(asker.bare)?.nick ?? room.session(asker.full)?.nick
        if (nick === undefined) return refused('Say under which nickname to stay.')
        return settle(asker, room, nick, answers.get('stay') !== '0')
      },
    },
    {
      node: 'stay-list',
      name: 'List lobbies to stay in while away',
      fields: async () => [],
      run: async (asker) => {
        const rows = tiesOf(asker, options)
          .filter(({ nick }) => nick !== '')
          .map(({ room, nick, isStaying }) => [room.jid, room.name, nick, isStaying ? 'yes' : 'no'])
        const form = tableElement('Registered nicknames', COLUMNS, rows)
        return rows.length > 0 ? { form } : { form, note: { type: 'info', text: 'There are none.' } }
      },
    },
  ]
}

const COLUMNS = [
  { name: 'room', label: 'Room' },
  { name: 'name', label: 'Name' },
  { name: 'nick', label: 'Nickname' },
  { name: 'stay', label: 'Stays' },
]

const refused = (text: string): Outcome => ({ note: { type: 'error', text } })

/** Rooms that the account is in, or has a nick in. */
function tiesOf(asker: Jid, { rooms }: StayCommandsOptions): Tie[] {
  const ties: Tie[] = []
  for (const room of rooms.loaded()) {
    const kept = room.registrationOf(asker.bare)
    if (kept) ties.push({ room, ...kept })
    else if (room.hasSession(asker.full)) ties.push({ room, nick: '', isStaying: false })
  }
  return ties
}

function findRoom(address: string, { domain, rooms }: StayCommandsOptions): LoadedRoom | undefined {
  const jid = parseJid(address.trim())
  const row = jid?.domain === domain ? rooms.row(jid.local) : undefined
  return row && rooms.roomAt(row.localpart)
}

/** The room decides, as it does when its own form is used. */
async function settle(asker: Jid, room: LoadedRoom, nick: string, isStaying: boolean): Promise<Outcome> {
  const answer = await room.ask(asker, stayRequest(nick, isStaying))
  const error = elements(answer).find((child) => child.getName() === 'error')
  if (error) return refused(childOf(error, 'text', NS.stanzaErrors)?.getText() ?? 'The room refuses.')
  const text = isStaying
    ? `${nick} stays in the lobby of ${room.name} while you are away.`
    : `${nick} leaves the lobby of ${room.name} with you; the nickname stays yours.`
  return { note: { type: 'info', text } }
}
