/** Pictures of a room for the Ethora chat component, set by its owners: docs/ethora.md. */
import type { Jid } from '../stanza/jid.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import type { Element } from '../stanza/xml.ts'
import { isOwner } from './affiliation.ts'
import { applySettings } from './configure.ts'
import { MAX_PICTURE_URL_CHARS } from './limits.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { RoomConfig } from './room-state.ts'
import { failTo, save } from './saving.ts'

/** As the component has it where there is no picture. */
const NONE = 'none'

/** Attributes by which the component knows the pictures of a room. */
export const pictureAttributes = ({
  background,
  thumbnail,
}: Pick<RoomConfig, 'background' | 'thumbnail'>): Readonly<Record<string, string>> => ({
  room_background: background || NONE,
  room_thumbnail: thumbnail || NONE,
})

/** An address of the web, nothing for `none`; undefined when it is neither. */
function readUrl(value: unknown): string | undefined {
  const text = String(value).trim()
  if (text === '' || text === NONE) return ''
  return /^https?:\/\//.test(text) && text.length <= MAX_PICTURE_URL_CHARS && URL.canParse(text)
    ? text
    : undefined
}

/** An IQ set with addresses of pictures; one that is left out stays as it is. */
export function setPictures(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  if (!isOwner(room, from.bare)) {
    const text = 'Only owners of this room may do that.'
    return refuse(room, from, iq, refusal(room, 'auth', 'forbidden', text))
  }
  const { room_background: asked, room_thumbnail: wanted } = query.attrs
  const background = asked === undefined ? room.config.background : readUrl(asked)
  const thumbnail = wanted === undefined ? room.config.thumbnail : readUrl(wanted)
  if (background === undefined || thumbnail === undefined) {
    const text = `A picture is an http or https address of ${MAX_PICTURE_URL_CHARS} characters at most, or none.`
    return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', text))
  }
  const settings = { ...room.settings, background, thumbnail }
  return save(room, {
    write: { settings, records: [], forgotten: [] },
    make: () => [...answer(from, iqResult(iq)), ...applySettings(room, settings)],
    fail: failTo(room, from, iq),
  })
}
