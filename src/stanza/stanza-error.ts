/** Stanza errors: RFC 6120 §8.3, built so that the requester finds its id, a text and who refused. */
import { NS } from './ns.ts'
import { type Element, el } from './xml.ts'

export type ErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'
const CONDITIONS = [
  'bad-request',
  'conflict',
  'feature-not-implemented',
  'forbidden',
  'gone',
  'internal-server-error',
  'item-not-found',
  'jid-malformed',
  'not-acceptable',
  'not-allowed',
  'not-authorized',
  'policy-violation',
  'recipient-unavailable',
  'registration-required',
  'remote-server-not-found',
  'remote-server-timeout',
  'resource-constraint',
  'service-unavailable',
  'undefined-condition',
  'unexpected-request',
] as const
export type ErrorCondition = (typeof CONDITIONS)[number]

/** Conditions of RFC 6120 §8.3.3, but for those that Foyer never meets. */
export const STANZA_ERROR_CONDITIONS: ReadonlySet<string> = new Set(CONDITIONS)

/** Why a stanza was refused. `text` is for people, in English. */
export interface StanzaError {
  readonly type: ErrorType
  readonly condition: ErrorCondition
  readonly text: string
  /** JID of the entity that refused (RFC 6120 §8.3.2); in a reply by default the bare one that was addressed. */
  readonly by?: string
  /** Text content of the condition element: the new address of `gone`. */
  readonly uri?: string
  /** What a protocol adds for programs: an application-specific condition (RFC 6120 §8.3.4). */
  readonly detail?: Element
}

/** The `<error/>` element alone. */
export function errorElement(error: StanzaError): Element {
  return el(
    'error',
    { type: error.type, by: error.by },
    el(error.condition, { xmlns: NS.stanzaErrors }, error.uri),
    el('text', { xmlns: NS.stanzaErrors, 'xml:lang': 'en' }, error.text),
    error.detail,
  )
}

/**
 * The error reply to `stanza`: same name and id, addresses swapped. Errors of MUC presence carry an empty
 * `<x xmlns='…/muc'/>`, which some clients need to recognise a refused join (`withMuc`).
 */
export function errorReply(
  stanza: Element,
  error: StanzaError,
  options: { withMuc?: boolean } = {},
): Element {
  return el(
    stanza.name,
    { type: 'error', id: stanza.attrs.id, from: stanza.attrs.to, to: stanza.attrs.from },
    options.withMuc && el('x', { xmlns: NS.muc }),
    errorElement({ by: stanza.attrs.to?.split('/')[0], ...error }),
  )
}

/** The result of an IQ, addresses swapped. */
export function iqResult(iq: Element, payload?: Element): Element {
  return el('iq', { type: 'result', id: iq.attrs.id, from: iq.attrs.to, to: iq.attrs.from }, payload)
}
