/**
 * Full-text search in PostgreSQL: bodies as tsvector, user's words as tsquery. Both are made here and not by the
 * server, whose notion of a word depends on the language that the database is set to.
 */

/** Words beyond so many characters of a body are not found; a tsvector holds 1 MiB. */
const MAX_INDEXED_CHARACTERS = 65_536
/** Longer words are found by their beginning; a lexeme holds 2 KiB. */
const MAX_WORD_CHARACTERS = 500

/** Words of a text in their order, in lower case and without accents: letters and digits, so no quoting is needed. */
const wordsOf = (text: string): string[] =>
  (
    text
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{Co}]+/gu) ?? []
  ).map((word) => word.slice(0, MAX_WORD_CHARACTERS))

/** A word of the index, which no text has, for a room or for an author in it. */
const scopeOf = (room: number, occupantId?: string): string =>
  occupantId === undefined ? `#${room}` : `#${room}#${Buffer.from(occupantId).toString('hex')}`

/** The tsvector of a message. */
export function indexedWords(room: number, occupantId: string, body: string): string {
  const words = wordsOf(body.slice(0, MAX_INDEXED_CHARACTERS)).map((word, index) => `'${word}':${index + 1}`)
  return [`'${scopeOf(room)}'`, `'${scopeOf(room, occupantId)}'`, ...words].join(' ')
}

/** The tsquery for a user's words in a room, or of an author there; undefined when there is no word. */
export function wordQuery(text: string, room: number, occupantId?: string): string | undefined {
  const phrases = text
    .split(/\s+/u)
    .map((word) => wordsOf(word).map((part) => `'${part}'`))
    .filter((parts) => parts.length > 0)
    .map((parts) => parts.join(' <-> '))
  return phrases.length === 0 ? undefined : [`'${scopeOf(room, occupantId)}'`, ...phrases].join(' & ')
}
