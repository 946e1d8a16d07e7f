/** Pictures of our own store in lobby messages: RetroShare loads nothing, so a small one goes with the text. Source: docs/retroshare.md §6.3. */
import type { LobbyCommand } from '../lobby/lobby.ts'
import { utf8 } from '../util/bytes.ts'
import { decodeEntities } from './html.ts'
import { isPoisonous } from './text.ts'

/** The picture at an address of ours as a `data:` URL; undefined when there is none, or it has more bytes. */
export type StoredPicture = (url: string, maxBytes: number) => string | undefined

const LINE = '<br/>'

/** The command, with pictures in place of lines that are nothing but their addresses, as long as the text has room. */
export function withPictures(
  command: LobbyCommand,
  stored: StoredPicture,
  maxTextBytes: number,
): LobbyCommand {
  if (command.kind !== 'say' || !/https?:\/\//.test(command.text)) return command
  let room = maxTextBytes - utf8(command.text).length
  const lines = command.text.split(LINE).map((line) => {
    const picture = pictureOf(line, stored, room + line.length)
    if (picture === undefined) return line
    room += line.length - picture.length
    return picture
  })
  return { ...command, text: lines.join(LINE) }
}

/** The element for a line that is an address, if it takes at most `room` bytes. */
function pictureOf(line: string, stored: StoredPicture, room: number): string | undefined {
  if (!/^https?:\/\/[^\s<]+$/.test(line)) return undefined
  const data = stored(decodeEntities(line), Math.floor((room * 3) / 4))
  const element = data && `<img src="${data}"/>`
  return element && element.length <= room && !isPoisonous(element) ? element : undefined
}
