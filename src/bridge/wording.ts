/** Words for what XMPP users do that a lobby has no form for: corrections, replies, reactions, retractions. */
import type { Manner, Mention } from '../muc/room-port.ts'
import { normalizeText } from './text.ts'

/** What an occupant says, as plain text for the lobby; empty when nothing of it can be read. `/me` is the speaker's nick. */
export function wording(body: string, manner: Manner): string {
  switch (manner.kind) {
    case 'reaction':
      return `/me reacts ${manner.reactions.join(' ')} to ${manner.to ? named(manner.to) : 'an earlier message'}`
    case 'retraction':
      return '/me takes back an earlier message'
    default:
      break
  }
  const text = normalizeText(body)
  if (text.trim() === '') return ''
  switch (manner.kind) {
    case 'plain':
      return text
    case 'correction':
      return `corrected: ${text}`
    case 'reply':
      return `> ${named(manner.to)}\n${text}`
    default:
      return manner satisfies never
  }
}

const named = ({ nick, excerpt }: Mention): string => (excerpt === '' ? nick : `${nick}: “${excerpt}”`)
