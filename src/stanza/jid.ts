/** XMPP addresses: RFC 7622 as far as a server needs it without PRECIS tables, and XEP-0106 escaping. */
import { utf8 } from '../util/bytes.ts'

const MAX_PART_BYTES = 1023

/** A parsed address. `local` and `resource` are empty when absent. */
export class Jid {
  readonly local: string
  readonly domain: string
  readonly resource: string

  constructor(local: string, domain: string, resource = '') {
    this.local = local
    this.domain = domain
    this.resource = resource
  }

  get bare(): string {
    return this.local === '' ? this.domain : `${this.local}@${this.domain}`
  }

  get full(): string {
    return this.resource === '' ? this.bare : `${this.bare}/${this.resource}`
  }

  toString(): string {
    return this.full
  }

  withResource(resource: string): Jid {
    return new Jid(this.local, this.domain, resource)
  }
}

// A UTF-16 unit takes three bytes at most: short parts need not be encoded to know.
const fits = (part: string): boolean =>
  3 * part.length <= MAX_PART_BYTES || utf8(part).length <= MAX_PART_BYTES

/** A normalised localpart (lower case, NFC), or undefined when it holds what RFC 7622 §3.3 forbids. */
export function normalizeLocal(text: string): string | undefined {
  const local = text.normalize('NFC').toLowerCase()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  return local !== '' && fits(local) && !/[\u0000-\u0020\u007F-\u00A0"&'/:<>@]/.test(local)
    ? local
    : undefined
}

/** A normalised resource or nick (NFC), or undefined when it is empty, too long or holds control characters. */
export function normalizeResource(text: string): string | undefined {
  const resource = text.normalize('NFC')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  return resource !== '' && fits(resource) && !/[\u0000-\u001F\u007F-\u009F]/.test(resource)
    ? resource
    : undefined
}

function normalizeDomain(text: string): string | undefined {
  const domain = text.toLowerCase().replace(/\.$/, '')
  return /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}])?|\[[0-9a-f:.]+\])$/u.test(domain) && fits(domain)
    ? domain
    : undefined
}

/** Parses and normalises an address; undefined when it is malformed. */
export function parseJid(text: string): Jid | undefined {
  const slash = text.indexOf('/')
  const bare = slash === -1 ? text : text.slice(0, slash)
  const at = bare.indexOf('@')
  const local = at === -1 ? '' : normalizeLocal(bare.slice(0, at))
  const domain = normalizeDomain(at === -1 ? bare : bare.slice(at + 1))
  const resource = slash === -1 ? '' : normalizeResource(text.slice(slash + 1))
  if (local === undefined || domain === undefined || resource === undefined) return undefined
  return new Jid(local, domain, resource)
}

const ESCAPED: Readonly<Record<string, string>> = {
  ' ': '\\20',
  '"': '\\22',
  '&': '\\26',
  "'": '\\27',
  '/': '\\2f',
  ':': '\\3a',
  '<': '\\3c',
  '>': '\\3e',
  '@': '\\40',
}

/** Any text as a localpart (XEP-0106). Not for text that begins or ends with a blank. */
export function escapeLocal(text: string): string {
  return text
    .replace(/\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g, '\\5c')
    .replace(/[ "&'/:<>@]/g, (character) => ESCAPED[character] ?? character)
}

/** The inverse of `escapeLocal`. */
export function unescapeLocal(local: string): string {
  return local.replace(/\\(20|22|26|27|2f|3a|3c|3e|40|5c)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
