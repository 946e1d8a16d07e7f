/** What was said of late, to tell which message another one refers to: by stanza-id, or by the id that its sender gave it. */
import { detached } from '../stanza/xml.ts'
import { ExpiringMap } from '../util/expiring-map.ts'
import { MAX_EXCERPT_CHARS, MAX_MESSAGE_ID_CHARS, MAX_RECENT, RECENT_MS } from './limits.ts'

/** A message that was said, in short. */
export interface Remembered {
  readonly occupantId: string
  /** Nick at that time. */
  readonly nick: string
  /** First words, in one line; empty when it had none of its own. */
  excerpt: string
}

/** The memory of one room. */
export interface Recent {
  readonly messages: ExpiringMap<string, Remembered>
  /** Reactions that an occupant has to a message, by both their ids. */
  readonly reactions: ExpiringMap<string, readonly string[]>
}

export const emptyRecent = (): Recent => ({
  messages: new ExpiringMap(RECENT_MS, MAX_RECENT),
  reactions: new ExpiringMap(RECENT_MS, MAX_RECENT),
})

/** Remembers a message under its ids. An id that is known keeps its meaning, so that nobody takes another's. */
export function remember(
  { messages }: Recent,
  said: Omit<Remembered, 'excerpt'> & {
    readonly body: string
    readonly ids: readonly (string | undefined)[]
  },
  nowMs: number,
): void {
  const { occupantId, nick, body, ids } = said
  const remembered = { occupantId, nick, excerpt: detached(firstWords(body)) }
  for (const id of ids)
    if (id !== undefined && id.length <= MAX_MESSAGE_ID_CHARS && !messages.has(id, nowMs))
      messages.set(detached(id), remembered, nowMs)
}

/** What was said under this stanza-id is not quoted any more, under whatever id. */
export function forget({ messages }: Recent, id: string): void {
  const said = messages.get(id, Number.NEGATIVE_INFINITY)
  if (said) said.excerpt = ''
}

/** The reactions of an occupant to a message from now on; those that are new are returned. */
export function setReactions(
  { reactions }: Recent,
  by: { readonly occupantId: string; readonly message: string },
  now: readonly string[],
  nowMs: number,
): string[] {
  const key = detached(`${by.occupantId} ${by.message.slice(0, MAX_MESSAGE_ID_CHARS)}`)
  const before = reactions.get(key, nowMs) ?? []
  reactions.set(key, now.map(detached), nowMs)
  return now.filter((reaction) => !before.includes(reaction))
}

/** The first line that quotes nobody, cut between words. */
function firstWords(body: string): string {
  const line = body.split('\n').find((each) => !each.startsWith('>') && each.trim() !== '') ?? ''
  const text = line.trim().replace(/\s+/gu, ' ')
  const characters = [...text.slice(0, 2 * MAX_EXCERPT_CHARS + 2)]
  if (characters.length <= MAX_EXCERPT_CHARS) return text
  const cut = characters.slice(0, MAX_EXCERPT_CHARS).join('')
  const lastBlank = cut.lastIndexOf(' ')
  return `${lastBlank > 0 ? cut.slice(0, lastBlank) : cut}…`
}
