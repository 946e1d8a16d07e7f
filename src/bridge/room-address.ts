/** Addresses of rooms made from lobbies: `SLUG.ID`, fixed at first sight of the lobby. */
import type { LobbyInfo } from '../lobby/lobby.ts'
import type { LobbyId } from '../util/ids.ts'

/** Long names are cut here, so that an address stays readable. */
const MAX_SLUG_CHARS = 40

/** Folds case as old and new address preparation both do (RFC 3920 nodeprep, RFC 7622): `ß` is `ss`, `ς` is `σ`. */
const foldCase = (text: string): string =>
  text.normalize('NFKC').toUpperCase().toLowerCase().replace(/ς/g, 'σ').normalize('NFKC')

/** Lower-case letters, digits and hyphens of a name, `lobby` when nothing remains: a valid localpart. */
export function slugOf(name: string): string {
  const slug = [
    ...foldCase(name)
      .replace(/[^\p{L}\p{M}\p{Nd}]+/gu, '-')
      .replace(/^-/, ''),
  ]
    .slice(0, MAX_SLUG_CHARS)
    .join('')
    .replace(/-$/, '')
  return slug === '' ? 'lobby' : slug
}

/** Localpart of the room of a lobby that was found, rather than made by an XMPP user. */
export const roomLocalpart = (lobby: Pick<LobbyInfo, 'id' | 'name'>): string =>
  `${slugOf(lobby.name)}.${lobby.id}`

/** The lobby that a localpart of this form names, whatever its slug; undefined for any other localpart. */
export function parseRoomLocalpart(localpart: string): { slug: string; lobby: LobbyId } | undefined {
  const match = /^([^.]+)\.([0-9a-f]{16,})$/.exec(localpart)
  return match ? { slug: match[1] ?? '', lobby: match[2] as LobbyId } : undefined
}
