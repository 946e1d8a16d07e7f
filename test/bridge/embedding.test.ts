// Pictures of our own store go to lobbies with the text, where they stand alone and fit.
import { expect, test } from 'vitest'
import { withPictures } from '../../src/bridge/embedding.ts'
import { readLobbyText } from '../../src/bridge/lobby-text.ts'
import { textToLobby } from '../../src/bridge/text.ts'
import type { LobbyCommand } from '../../src/lobby/lobby.ts'
import type { ArchiveId, LobbyId, SpeakerId } from '../../src/util/ids.ts'

const URL = 'https://chat.test/files/1/F%C3%BC%20a&b.png'
const DATA = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
const IMAGE = `<img src="${DATA}"/>`
const stored = (url: string, maxBytes: number): string | undefined =>
  url === URL && maxBytes >= 42 ? DATA : undefined

const sent = (text: string, maxTextBytes = 1000, store = stored): string => {
  const say: LobbyCommand = {
    kind: 'say',
    lobby: 'l' as LobbyId,
    speaker: 's' as SpeakerId,
    text: textToLobby(text),
    ref: 'r' as ArchiveId,
  }
  const command = withPictures(say, store, maxTextBytes)
  return command.kind === 'say' ? command.text : ''
}

test('a line that is the address of a picture becomes the picture', () => {
  expect(sent(URL)).toBe(IMAGE)
  expect(sent(`look:\n${URL}\nnice <b>`)).toBe(`look:<br/>${IMAGE}<br/>nice &lt;b&gt;`)
  expect(readLobbyText(sent(URL), () => 'https://other.test/x.gif')).toMatchObject({
    body: 'https://other.test/x.gif',
    pictures: [{ mediaType: 'image/gif' }],
  })
})

test('other text stays as it is', () => {
  for (const text of [`see ${URL}`, `${URL}2`, 'https://elsewhere.test/a.png', 'no address', `> ${URL}`])
    expect(sent(text)).toBe(textToLobby(text))
})

test('a text never gets larger than the lobby takes', () => {
  expect(sent(URL, IMAGE.length - 1)).toBe(textToLobby(URL))
  expect(sent(URL, IMAGE.length)).toBe(IMAGE)
  const twice = sent(`${URL}\n${URL}`, IMAGE.length + textToLobby(URL).length + '<br/>'.length)
  expect(twice).toBe(`${IMAGE}<br/>${textToLobby(URL)}`)
})

test('what RetroShare would overwrite is not put in', () => {
  expect(sent(URL, 1000, () => 'data:image/gif;base64,AAPHN2ZyAA')).toBe(textToLobby(URL))
})

test('what is no text is left alone', () => {
  const typing: LobbyCommand = { kind: 'typing', lobby: 'l' as LobbyId, speaker: 's' as SpeakerId }
  expect(withPictures(typing, stored, 1000)).toBe(typing)
})
