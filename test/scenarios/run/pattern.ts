// Whether a stanza is as a scenario says: what a pattern names must be there, everything else may be.
import { type Element, elements, emptyElement, setAttribute } from '../../../src/stanza/xml.ts'

/** Values by the name that a scenario gives them. */
export type Bindings = Readonly<Record<string, string>>

/** What was learned, or why it does not match. */
export type Match =
  | { readonly ok: true; readonly bindings: Bindings }
  | { readonly ok: false; readonly why: string }

const VARIABLE = /\{([a-z][^{}]*)\}/g
const ALONE = /^\{([a-z][^{}]*)\}$/

/** `text` with its variables filled in; throws when one has no value. */
export function fill(text: string, bindings: Bindings): string {
  return text.replace(VARIABLE, (_, name: string) => {
    const value = bindings[name]
    if (value === undefined) throw new Error(`{${name}} has no value`)
    return value
  })
}

const no = (why: string): Match => ({ ok: false, why })

/** A copy of an element with its variables filled in, ready to be sent. */
export function fillElement(element: Element, bindings: Bindings): Element {
  const copy = emptyElement(element.name)
  for (const [name, value] of Object.entries(element.attrs))
    setAttribute(copy, name, fill(String(value), bindings))
  for (const child of element.children)
    copy.append(typeof child === 'string' ? fill(child, bindings) : fillElement(child, bindings))
  return copy
}

/** Whether one value is as wanted; `{any}` is any, `{name}` takes a value the first time and keeps it. */
function matchValue(wanted: string, actual: string | undefined, bindings: Bindings, what: string): Match {
  if (wanted === '{absent}') return actual === undefined ? { ok: true, bindings } : no(`${what} is there`)
  if (actual === undefined) return no(`${what} is missing`)
  if (wanted === '{any}') return { ok: true, bindings }
  if (/^\/.+\/$/.test(wanted))
    return new RegExp(fill(wanted.slice(1, -1), bindings)).test(actual)
      ? { ok: true, bindings }
      : no(`${what} is "${actual}", not ${wanted}`)
  const name = ALONE.exec(wanted)?.[1]
  if (name !== undefined && bindings[name] === undefined)
    return { ok: true, bindings: { ...bindings, [name]: actual } }
  const value = fill(wanted, bindings)
  return value === actual ? { ok: true, bindings } : no(`${what} is "${actual}", not "${value}"`)
}

/** Whether `actual` has all that `pattern` names: attributes, text, and children in any order, each its own. */
export function matchElement(pattern: Element, actual: Element, bindings: Bindings): Match {
  const name = pattern.getName()
  if (name !== actual.getName() || pattern.getNS() !== actual.getNS())
    return no(`<${actual.getName()}> is not <${name}>`)
  let known = bindings
  for (const [attribute, wanted] of Object.entries(pattern.attrs)) {
    if (attribute === 'xmlns') continue
    const match = matchValue(String(wanted), actual.attrs[attribute], known, `${attribute} of <${name}>`)
    if (!match.ok) return match
    known = match.bindings
  }
  const text = ownText(pattern)
  if (text !== '') {
    const match = matchValue(text === '{empty}' ? '/^$/' : text, ownText(actual), known, `text of <${name}>`)
    if (!match.ok) return match
    known = match.bindings
  }
  const wanted = elements(pattern)
  const forbidden = wanted.filter((child) => child.getName() === 'absent').flatMap(elements)
  const present = elements(actual)
  const found = matchChildren(
    wanted.filter((child) => child.getName() !== 'absent'),
    present,
    known,
    name,
  )
  if (!found.ok) return found
  for (const unwanted of forbidden)
    if (present.some((child) => matchElement(unwanted, child, found.bindings).ok))
      return no(`<${name}> has ${unwanted}`)
  return found
}

function matchChildren(
  wanted: readonly Element[],
  present: readonly Element[],
  bindings: Bindings,
  parent: string,
): Match {
  const [first, ...rest] = wanted
  if (!first) return { ok: true, bindings }
  // Why the only child that it could be is not the one; of several none is worth more words than another.
  const reasons: string[] = []
  let deeper: string | undefined
  for (const candidate of present) {
    const match = matchElement(first, candidate, bindings)
    if (!match.ok) {
      if (candidate.getName() === first.getName()) reasons.push(match.why)
      continue
    }
    const others = matchChildren(
      rest,
      present.filter((child) => child !== candidate),
      match.bindings,
      parent,
    )
    if (others.ok) return others
    deeper = others.why
  }
  const why = reasons.length === 1 ? (reasons[0] as string) : `<${parent}> has no ${first}`
  return no(deeper ?? why)
}

const ownText = (element: Element): string =>
  element.children
    .filter((child): child is string => typeof child === 'string')
    .join('')
    .trim()
