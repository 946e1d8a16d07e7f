/** Full-text search in SQLite by FTS5: the index beside the messages, and user's words as a query of it. */
import type { Database, Statement } from './sqlite.ts'

/** What the index has of a message. Taking it out needs the same again. */
export interface IndexedText {
  readonly id: number
  readonly room: number
  readonly occupantId: string
  readonly body: string
}

/** One word of the index for a room, or for an author in it; the schema builds the same. */
const scopeWord = (room: number, occupantId?: string): string =>
  occupantId === undefined ? `r${room}` : `r${room}a${Buffer.from(occupantId).toString('hex')}`

/**
 * The FTS5 expression for a user's words in a room, or of an author there. Each word is a quoted string, so nothing in
 * it is syntax. Undefined when there is no word.
 */
export function matchExpression(text: string, room: number, occupantId?: string): string | undefined {
  const words = text.split(/\s+/u).filter((word) => /[\p{L}\p{N}\p{Co}]/u.test(word))
  if (words.length === 0) return undefined
  const quoted = words.map((word) => `"${word.replaceAll('"', '""').replaceAll('\0', ' ')}"`)
  return `scope : "${scopeWord(room, occupantId)}" AND body : (${quoted.join(' AND ')})`
}

/** Keeps the index in step; to be called in the transaction that changes the messages. */
export class TextIndex {
  readonly #add: Statement
  readonly #remove: Statement

  constructor(db: Database) {
    this.#add = db.prepare('INSERT INTO message_text (rowid, scope, body) VALUES (?, ?, ?)')
    this.#remove = db.prepare(
      `INSERT INTO message_text (message_text, rowid, scope, body) VALUES ('delete', ?, ?, ?)`,
    )
  }

  add(text: IndexedText): void {
    this.#add.run(...columns(text))
  }

  remove(text: IndexedText): void {
    this.#remove.run(...columns(text))
  }
}

const columns = ({ id, room, occupantId, body }: IndexedText): [number, string, string] => [
  id,
  `${scopeWord(room)} ${scopeWord(room, occupantId)}`,
  body,
]
