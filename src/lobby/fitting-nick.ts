/** Nicks that are too long for a network, cut to what it carries. */
import { utf8 } from '../util/bytes.ts'
import type { LobbyLimits } from './lobby.ts'

const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' })

/**
 * `nick`, or as much of its beginning as a network with these limits carries. Characters as people see them (UAX #29) stay
 * whole, unless the first one is too long by itself.
 */
export function fittingNick(
  nick: string,
  { maxNickChars, maxNickBytes }: Pick<LobbyLimits, 'maxNickChars' | 'maxNickBytes'>,
): string {
  const fits = (text: string): boolean =>
    [...text].length <= maxNickChars && utf8(text).length <= maxNickBytes
  if (fits(nick)) return nick
  const cut = startOf(
    [...GRAPHEMES.segment(nick)].map(({ segment }) => segment),
    fits,
  )
  return cut || startOf([...nick], fits)
}

/** As many of the parts as fit together, from the first on. */
function startOf(parts: readonly string[], fits: (text: string) => boolean): string {
  let start = ''
  for (const part of parts) {
    if (!fits(start + part)) break
    start += part
  }
  return start.trimEnd()
}
