/** Plain text for lobbies: normalised, and escaped so that RetroShare shows what was typed. Source: docs/retroshare.md §4.2. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFE\uFFFF]/g

/** Line ends as `\n`, blanks as U+0020, no control characters but tab, no broken UTF-16. */
export const cleanText = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(CONTROLS, '')
    .replace(/\u00A0/g, ' ')
    .replace(/\p{Cs}/gu, '\uFFFD')

/** `cleanText` without white space at the end or empty lines before the beginning. */
export function normalizeText(text: string): string {
  const clean = cleanText(text).trimEnd()
  let from = 0
  while (clean[from] === '\n') from++
  return clean.slice(from)
}

/**
 * Character sequences for which RetroShare overwrites a text, which breaks its signature (§4.2); the last letter is
 * written as a character reference. `<!` cannot occur, as `<` is always escaped.
 */
const POISON: readonly (readonly [RegExp, string])[] = [
  [/PD94bW/g, 'PD94b&#87;'],
  [/PHN2Zy/g, 'PHN2Z&#121;'],
]

/**
 * What to put into a lobby so that its readers see the plain `text`: the inverse of `readLobbyText`, up to
 * `normalizeText`. A percent sign before a hex digit is escaped too, as the check for poison decodes `%XX`.
 */
export function textToLobby(text: string): string {
  const html = normalizeText(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/%(?=\s*[0-9a-fA-F])/g, '&#37;')
    // White space that HTML would swallow: the first blank of a line, all but the last of several, tabs.
    .replace(/ (?=[ \t\n])|(?<=\n|^) /g, '&#160;')
    .replace(/\t/g, '&#9;')
    .replace(/\n/g, '<br/>')
  return POISON.reduce((escaped, [pattern, harmless]) => escaped.replace(pattern, harmless), html)
}

/** Whether RetroShare would overwrite `text` where nothing can be escaped, such as in a nick (§4.2). */
export function isPoisonous(text: string): boolean {
  const decoded = text.replace(/%\s*([0-9a-fA-F]{1,2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return [text, decoded].some((form) => /<!e|PD94bW|PHN2Zy/.test(form) || form.includes('<!E'))
}
