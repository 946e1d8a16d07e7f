/** Elements and their serialisation: the one place that knows ltx and @xmpp/xml. */
import xml, { type Element } from '@xmpp/xml'

export type { Element } from '@xmpp/xml'

/** Attributes of a new element; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>
/** Children of a new element; null, undefined and false are left out. */
export type Child = Element | string | null | undefined | false

// Everything outside the Char production of XML 1.0, lone surrogates included.
const NOT_XML =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g

/** `text` without the characters that XML 1.0 forbids: one of them would end every client's stream. */
export const cleanText = (text: string): string => text.replace(NOT_XML, '')

/**
 * A copy of `text` for keeping. What the parser gives are slices, each of which keeps the whole segment of input alive
 * that it came with, up to 64 KiB.
 */
export const detached = (text: string): string => text.split('').join('')

/** Builds an element. Text and attribute values are cleaned of characters that XML forbids. */
export function el(name: string, attributes: Attributes = {}, ...children: Child[]): Element {
  const attrs: Record<string, string> = {}
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined) attrs[key] = cleanText(String(value))
  const element = xml(name, attrs)
  for (const child of children) {
    if (typeof child === 'string') element.append(cleanText(child))
    else if (child) element.append(child)
  }
  return element
}

export const isElement = (child: Element | string): child is Element => typeof child !== 'string'

/** Child elements without the text between them. */
export const elements = (parent: Element): Element[] => parent.getChildElements()

/** The first child element with this name and namespace. */
export const childOf = (parent: Element, name: string, namespace: string): Element | undefined =>
  elements(parent).find((child) => child.getName() === name && child.getNS() === namespace)

/** The first child element in this namespace: an IQ's payload, mostly. */
export const childIn = (parent: Element, namespace: string): Element | undefined =>
  elements(parent).find((child) => child.getNS() === namespace)

/** An element as the parser makes it: nothing is cleaned, attributes and children are set by `setAttribute` and `append`. */
export const emptyElement = (name: string): Element => xml(name)

/** Sets an attribute of any name: `__proto__` too becomes an ordinary one. */
export function setAttribute(element: Element, name: string, value: string): void {
  if (name === '__proto__')
    Object.defineProperty(element.attrs, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  else element.attrs[name] = value
}

/**
 * A copy of a child element that can stand alone: the namespaces that it has from its ancestors are declared on it.
 * Shares its children with the original.
 */
export function standalone(element: Element): Element {
  const copy = emptyElement(element.name)
  for (const [name, value] of Object.entries(element.attrs)) setAttribute(copy, name, String(value))
  for (let at = element.parent; at; at = at.parent)
    for (const [name, value] of Object.entries(at.attrs))
      if ((name === 'xmlns' || name.startsWith('xmlns:')) && !Object.hasOwn(copy.attrs, name))
        setAttribute(copy, name, String(value))
  copy.children = element.children
  return copy
}

// White space other than the blank would not survive in an attribute, nor a carriage return in text (XML 1.0 §2.11, §3.3.3).
const IN_ATTRIBUTE = /[&<>"'\t\n\r]/g
const IN_TEXT = /[&<>\r]/g
const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}
const reference = (character: string): string => REFERENCES[character] ?? character

/** `text` fit for an attribute value in single or double quotes. */
export const escapeAttribute = (text: string): string => text.replace(IN_ATTRIBUTE, reference)

/** `element` as text; the parser makes the same element of it. */
export function serialize(element: Element): string {
  const parts = [`<${element.name}`]
  pushAfterName(element, parts)
  return parts.join('')
}

/** Joined and not added up: a sum of strings stays in memory as all its parts, and is put together for each copy anew. */
function pushAfterName(element: Element, parts: string[]): void {
  const { name, attrs, children } = element
  for (const attribute in attrs) {
    const value: unknown = attrs[attribute]
    if (value !== undefined && value !== null)
      parts.push(` ${attribute}="`, escapeAttribute(String(value)), '"')
  }
  if (children.length === 0) {
    parts.push('/>')
    return
  }
  parts.push('>')
  for (const child of children)
    if (isElement(child)) {
      parts.push('<', child.name)
      pushAfterName(child, parts)
    } else parts.push(String(child).replace(IN_TEXT, reference))
  parts.push('</', name, '>')
}

/** A stanza serialised once for many recipients: only `to` (and on WebSocket `xmlns`) is still to be put in. */
export interface PreparedStanza {
  /** `message`, `presence` or `iq`. */
  readonly name: string
  /** What follows the element's name, from the blank before the first attribute to the end. */
  readonly rest: string
}

/** Serialises a stanza once; `to` and `xmlns` of the element itself are left out. */
export function prepare(stanza: Element): PreparedStanza {
  const { to: _to, xmlns: _xmlns, ...attrs } = stanza.attrs
  const bare = xml(stanza.name, attrs)
  bare.children = stanza.children
  const parts: string[] = []
  pushAfterName(bare, parts)
  return { name: stanza.name, rest: parts.join('') }
}

/** The text of a prepared stanza for one recipient. `xmlns` only where each stanza stands alone (RFC 7395). */
export function addressed(stanza: PreparedStanza, escapedTo: string, xmlns = ''): string {
  return xmlns === ''
    ? `<${stanza.name} to="${escapedTo}"${stanza.rest}`
    : `<${stanza.name} xmlns="${xmlns}" to="${escapedTo}"${stanza.rest}`
}
