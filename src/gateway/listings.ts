/** What operators are shown of friends, identities, lobbies and the gateway: the same on a terminal and in a client. */
import type {
  FriendView,
  GatewayStatus,
  IdentityView,
  InvitationView,
  LobbyView,
  PresentView,
} from './status.ts'

/** A table: titles of the columns, and rows of as many cells. */
export interface Listing {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const yesNo = (claim: boolean): string => (claim ? 'yes' : 'no')
const kindOf = (lobby: { readonly private: boolean }): string => (lobby.private ? 'private' : 'public')

/** `ignored`: ids of friends of whose lobbies nothing is taken. */
export const friendListing = (friends: readonly FriendView[], ignored: readonly string[]): Listing => ({
  columns: ['Id', 'Name', 'State', 'Since', 'Address'],
  rows: friends.map(({ id, name, online, since, address }) => [
    id,
    name,
    (online ? 'online' : 'offline') + (ignored.includes(id) ? ', ignored' : ''),
    since,
    address ?? '-',
  ]),
})

export const identityListing = (identities: readonly IdentityView[]): Listing => ({
  columns: ['Id', 'Nick', 'Banned', 'Lobbies'],
  rows: identities.map(({ id, nick, banned, lobbies }) => [
    id,
    nick ?? '-',
    yesNo(banned),
    lobbies.join(', '),
  ]),
})

export const lobbyListing = (lobbies: readonly LobbyView[]): Listing => ({
  columns: ['Id', 'Name', 'Joined', 'Kind', 'People', 'Room'],
  rows: lobbies.map((lobby) => [
    lobby.id,
    lobby.name,
    yesNo(lobby.joined),
    kindOf(lobby),
    String(lobby.participants),
    lobby.room,
  ]),
})

/** Who is in which room: an XMPP user with the addresses, a participant of the lobby with the identity. */
export const presentListing = (present: readonly PresentView[]): Listing => ({
  columns: ['Room', 'Nick', 'Where', 'Since', 'Who'],
  rows: present.map(({ room, nick, side, since, addresses, identity, muted, away }) => [
    room,
    nick,
    (side === 'local' ? 'XMPP' : 'lobby') + (muted ? ', muted' : '') + (away ? ', away' : ''),
    since,
    addresses.length > 0 ? addresses.join(', ') : (identity ?? '-'),
  ]),
})

export const invitationListing = (invitations: readonly InvitationView[]): Listing => ({
  columns: ['Id', 'Name', 'Kind', 'Invited by', 'Room'],
  rows: invitations.map((invitation) => [
    invitation.id,
    invitation.name,
    kindOf(invitation),
    invitation.invitedBy.map(({ name }) => name).join(', '),
    invitation.room,
  ]),
})

/** The gateway in a few lines. */
export function statusLines(status: GatewayStatus): string[] {
  const { archive, gaps, hostServer } = status
  return [
    `Foyer ${status.version}, up ${duration(status.uptimeSec)}`,
    ...Object.entries(status.ports).map(([name, port]) => `  listens: ${name} on port ${port}`),
    ...(hostServer
      ? [`  host server: ${hostServer.linked ? 'linked' : 'NOT linked'} as ${hostServer.domain}`]
      : []),
    ...status.networks.map(
      (network) =>
        `  ${network.id}: ${network.friendsOnline} of ${network.friends} friends online, ` +
        `${network.lobbiesJoined} of ${network.lobbies} lobbies joined`,
    ),
    `  rooms: ${status.rooms}, occupants: ${status.occupants}`,
    ...(archive ? [`  archive: ${archive.messages} messages, ${archive.bytes} bytes`] : []),
    `  history: ${gaps.ended} gaps, ${gaps.open} lobbies not heard now`,
    ...status.problems.map((problem) => `  PROBLEM: ${problem}`),
  ]
}

/** A duration in the two largest units that matter: `3d 4h`, `5m 2s`. */
export function duration(seconds: number): string {
  const units: [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ]
  const parts: string[] = []
  let rest = Math.max(0, Math.floor(seconds))
  for (const [unit, size] of units) {
    if (rest >= size && parts.length < 2) parts.push(`${Math.floor(rest / size)}${unit}`)
    rest %= size
  }
  return parts.length === 0 ? '0s' : parts.join(' ')
}
