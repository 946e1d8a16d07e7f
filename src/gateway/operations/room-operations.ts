/** Operations on who is in a room: what its moderators could do, by operators, who need not be in it. */
import type { RoomEvent } from '../../muc/room-port.ts'
import { GatewayError } from '../../util/errors.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { presentListing } from '../listings.ts'
import type { LoadedRoom } from '../loaded-room.ts'
import type { OccupantView, PresentView } from '../status.ts'
import { findRoom } from './find.ts'
import { type Args, type Choice, type OperationContext, operation, textOf } from './operation.ts'

const openRooms = ({ rooms }: OperationContext): Choice[] =>
  [...rooms.loaded()].map(({ jid, name }) => ({ value: jid, label: `${name} (${jid})` }))

const ROOM = { name: 'room', label: 'Room', kind: 'text', isRequired: true, choices: openRooms } as const
const NICK = { name: 'nick', label: 'Nick', kind: 'text', isRequired: true } as const
const WHO = { name: 'who', label: 'Nick or identity', kind: 'text', isRequired: true } as const
const REASON = { name: 'reason', label: 'Reason, for all to read', kind: 'text' } as const

export const ROOM_OPERATIONS = {
  'room who': operation({
    title: 'Show who is in which room, with the addresses of XMPP users',
    parameters: [{ name: 'word', label: 'Part of a room, a nick, an address or an identity', kind: 'text' }],
    run: async ({ rooms }, args) => {
      const word = textOf(args, 'word').normalize('NFC').toLowerCase()
      const has = ({ room, nick, identity, addresses }: PresentView): boolean =>
        [room, nick, identity ?? '', ...addresses].some((each) => each.toLowerCase().includes(word))
      return [...rooms.loaded()].flatMap((room) => room.present().filter(has))
    },
    show: (present) => ({ listing: presentListing(present) }),
  }),
  'room kick': operation({
    title: 'Put an XMPP user out of a room',
    parameters: [ROOM, NICK, REASON],
    run: async (context, args) => {
      const nick = textOf(args, 'nick').normalize('NFC')
      const isMeant = (occupant: OccupantView) => occupant.side === 'local' && occupant.nick === nick
      const { room } = find(context, args, { isMeant, wanted: `by XMPP called ${nick}` })
      change(context, room, { kind: 'operator-kicked', nick, reason: textOf(args, 'reason') })
    },
  }),
  'room mute': operation({
    title: 'Mute a participant of the lobby in a room, until it leaves',
    parameters: [ROOM, WHO, REASON],
    run: async (context, args) => {
      const { room, id } = findParticipant(context, args, { isMuted: false })
      change(context, room, { kind: 'operator-muted', id, reason: textOf(args, 'reason') })
    },
  }),
  'room unmute': operation({
    title: 'Show a muted participant of the lobby again',
    parameters: [ROOM, WHO],
    run: async (context, args) => {
      const { room, id } = findParticipant(context, args, { isMuted: true })
      change(context, room, { kind: 'operator-unmuted', id })
      if (room.occupants().some(({ identity, side, muted }) => side === 'remote' && identity === id && muted))
        throw new GatewayError(
          'BANNED_IN_ROOM',
          `${textOf(args, 'who')} is banned from this room; its owners lift that in their clients`,
        )
    },
  }),
} as const

/** Muting is nothing that rooms tell the map of. */
function change({ onChange }: OperationContext, room: LoadedRoom, event: RoomEvent): void {
  room.dispatch(event)
  onChange()
}

function findParticipant(
  context: OperationContext,
  args: Args,
  { isMuted }: { readonly isMuted: boolean },
): { room: LoadedRoom; id: ParticipantId } {
  const who = textOf(args, 'who').normalize('NFC')
  // Whoever takes the id of another for a nick must not stand in for it.
  const isId = /^[0-9a-f]{32}$/i.test(who)
  const { room, occupant } = find(context, args, {
    isMeant: ({ side, nick, identity, muted }) =>
      side === 'remote' && muted === isMuted && (isId ? identity === who.toLowerCase() : nick === who),
    wanted: `from the lobby called ${who}, and ${isMuted ? 'muted' : 'not muted yet'},`,
  })
  return { room, id: occupant.identity as ParticipantId }
}

function find(
  context: OperationContext,
  args: Args,
  { isMeant, wanted }: { isMeant(occupant: OccupantView): boolean; wanted: string },
): { room: LoadedRoom; occupant: OccupantView } {
  const { localpart } = findRoom(context, textOf(args, 'room'))
  const room = context.rooms.roomAt(localpart)
  const occupant = room?.occupants().find((each) => isMeant(each) && !each.away)
  if (room && occupant) return { room, occupant }
  throw new GatewayError(
    'NO_SUCH_OCCUPANT',
    `nobody ${wanted} is in ${localpart}; \`foyer room who ${localpart}\` shows who is`,
  )
}
