// What must hold in every scenario: each request is answered once, and Foyer's errors are complete.
import { type Element, elements } from '../../../src/stanza/xml.ts'
import type { Actor } from './actor.ts'

const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const TYPES: ReadonlySet<unknown> = new Set(['auth', 'cancel', 'continue', 'modify', 'wait'])

interface Sent {
  readonly actor: string
  readonly stanza: Element
}

/** What is wrong, undefined when nothing is. Sessions that were cut off get no answers. */
export function hygiene(
  sent: readonly Sent[],
  actors: ReadonlyMap<string, Actor>,
  stage: { readonly isFoyer: boolean; readonly bindings: Readonly<Record<string, string>> },
): string | undefined {
  for (const { actor: name, stanza } of sent) {
    const actor = actors.get(name)
    if (!actor?.isOnline || stanza.name !== 'iq' || !isRequest(stanza)) continue
    const answers = actor.received.filter(
      (s) => s.name === 'iq' && s.attrs.id === stanza.attrs.id && !isRequest(s),
    )
    if (answers.length !== 1)
      return `${name} got ${answers.length} answers to\n    ${stanza}\n    ${answers.join('\n    ')}`
  }
  // Errors that occupants send to each other are not Foyer's.
  if (!stage.isFoyer || sent.some(({ stanza }) => stanza.attrs.type === 'error')) return undefined
  for (const actor of actors.values())
    for (const stanza of actor.received) {
      const why = flawOf(stanza, sent, stage.bindings.service as string)
      if (why) return `${actor.name} got an error ${why}:\n    ${stanza}`
    }
  return undefined
}

const isRequest = (iq: Element): boolean => iq.attrs.type === 'get' || iq.attrs.type === 'set'

/** A presence that is answered by a message as well: XEP-0463 §5.2.3. */
const asksForLists = (stanza: Element): boolean =>
  stanza.getChildren('x').some((x) => x.getChild('mav', 'urn:xmpp:muc:affiliations:1'))

function flawOf(stanza: Element, sent: readonly Sent[], service: string): string | undefined {
  if (stanza.attrs.type !== 'error') return undefined
  const domain = String(stanza.attrs.from).split('/')[0]?.split('@').at(-1)
  if (domain !== service) return undefined
  const error = stanza.getChild('error')
  if (!error) return 'without an error element'
  if (!TYPES.has(error.attrs.type)) return `of type ${error.attrs.type}`
  const [condition, ...more] = elements(error).filter(
    (child) => child.getNS() === STANZAS && child.getName() !== 'text',
  )
  if (!condition || more.length > 0) return 'without exactly one condition'
  if (!error.getChild('text', STANZAS)?.getText().trim()) return 'without a text for people'
  if (!error.attrs.by) return 'that does not say by whom'
  const { id } = stanza.attrs
  const isAnswerTo = (cause: Element): boolean =>
    cause.attrs.id === id && (cause.name === stanza.name || asksForLists(cause))
  if (!sent.some(({ stanza: cause }) => isAnswerTo(cause))) return 'with an id that nobody sent'
  return undefined
}
