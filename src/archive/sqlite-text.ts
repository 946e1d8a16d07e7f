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

/** Messages that are stored before their words go into the index: it is written per commit, at some cost. */
const INDEX_BATCH = 200
/** Pages of the index that one step of tidying rewrites. */
const TIDY_PAGES = 32
/** In `meta` while the index may have words of what was retracted. */
const RESIDUE = 'text_residue'

/**
 * Keeps the index in step; to be called in the transaction that changes the messages. Words of the newest messages are not
 * in it yet: before a search `catchUp` is due. What is taken out is only marked
 * so, and goes when segments of the index are merged (the option `secure-delete` of FTS5 is not sound in SQLite 3.45).
 */
export class TextIndex {
  readonly #later: Statement
  readonly #notYet: Statement
  readonly #catchUp: readonly Statement[]
  readonly #remove: Statement
  readonly #merge: Statement
  readonly #changes: Statement<{ count: number }>
  readonly #residue: { readonly set: Statement; readonly get: Statement; readonly clear: Statement }
  /** All segments are being merged to one. */
  #isMerging = false
  /** So many wait for the index at most; at first it is not known. */
  #waiting = INDEX_BATCH

  constructor(db: Database) {
    this.#later = db.prepare('INSERT INTO text_pending (id) VALUES (?)')
    this.#notYet = db.prepare('DELETE FROM text_pending WHERE id = ?')
    this.#catchUp = [
      db.prepare(
        `INSERT INTO message_text (rowid, scope, body)
         SELECT id, 'r' || room || ' r' || room || 'a' || lower(hex(occupant_id)), body
         FROM text_pending JOIN message USING (id) ORDER BY id`,
      ),
      db.prepare('DELETE FROM text_pending'),
    ]
    this.#remove = db.prepare(
      `INSERT INTO message_text (message_text, rowid, scope, body) VALUES ('delete', ?, ?, ?)`,
    )
    this.#merge = db.prepare(`INSERT INTO message_text (message_text, rank) VALUES ('merge', ?)`)
    this.#changes = db.prepare('SELECT total_changes() AS count')
    this.#residue = {
      set: db.prepare(`INSERT OR REPLACE INTO meta VALUES ('${RESIDUE}', '')`),
      get: db.prepare(`SELECT 1 AS found FROM meta WHERE key = '${RESIDUE}'`),
      clear: db.prepare(`DELETE FROM meta WHERE key = '${RESIDUE}'`),
    }
  }

  /** A message with a body was stored. */
  add(id: number): void {
    this.#later.run(id)
    this.#waiting += 1
  }

  /** Puts in what waits if it is much. */
  keepUp(): void {
    if (this.#waiting >= INDEX_BATCH) this.catchUp()
  }

  /** Puts in all that waits. */
  catchUp(): void {
    if (this.#waiting === 0) return
    for (const statement of this.#catchUp) statement.run()
    this.#waiting = 0
  }

  /** The transaction was undone: what waits is not known any more. */
  undone(): void {
    this.#waiting = INDEX_BATCH
  }

  /** False when it had not come into the index yet. */
  remove(text: IndexedText): boolean {
    if (this.#notYet.run(text.id) > 0) return false
    this.#remove.run(...columns(text))
    return true
  }

  /** The same, and if it was in the index, `tidy` has something to do. */
  purge(text: IndexedText): void {
    if (!this.remove(text)) return
    this.#residue.set.run()
    this.#isMerging = false
  }

  /** Merges a few pages; false when nothing is left that was purged. */
  tidy(): boolean {
    if (!this.#residue.get.get()) return false
    const before = this.#changes.get()?.count ?? 0
    // Negative: begins to merge all segments, whatever their sizes. Fewer than two changes: nothing was left to merge.
    this.#merge.run(this.#isMerging ? TIDY_PAGES : -TIDY_PAGES)
    this.#isMerging = (this.#changes.get()?.count ?? 0) - before >= 2
    if (!this.#isMerging) this.#residue.clear.run()
    return this.#isMerging
  }
}

const columns = ({ id, room, occupantId, body }: IndexedText): [number, string, string] => [
  id,
  `${scopeWord(room)} ${scopeWord(room, occupantId)}`,
  body,
]
