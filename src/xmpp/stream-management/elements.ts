/** The elements of stream management, read and written. XEP-0198 §3 to §5. */
import { NS } from '../../stanza/ns.ts'
import type { ErrorCondition } from '../../stanza/stanza-error.ts'
import { type Element, el } from '../../stanza/xml.ts'

/** What a client asks or says; `malformed` when a number or id is missing. */
export type ManagementRequest =
  /** `maxSec`: how long it wants to be waited for, if it said so. */
  | { readonly kind: 'enable'; readonly isResumable: boolean; readonly maxSec: number | undefined }
  | { readonly kind: 'resume'; readonly id: string; readonly h: number }
  | { readonly kind: 'ask' }
  | { readonly kind: 'acknowledge'; readonly h: number }
  | { readonly kind: 'malformed' }

const HIGHEST_COUNT = 2 ** 32 - 1

/** Reads an element in the namespace of stream management. */
export function managementRequest({ name, attrs }: Element): ManagementRequest {
  switch (name.slice(name.indexOf(':') + 1)) {
    case 'enable':
      return {
        kind: 'enable',
        isResumable: attrs.resume === 'true' || attrs.resume === '1',
        maxSec: countIn(attrs.max),
      }
    case 'resume': {
      const h = countIn(attrs.h)
      return attrs.previd === undefined || h === undefined
        ? { kind: 'malformed' }
        : { kind: 'resume', id: String(attrs.previd), h }
    }
    case 'r':
      return { kind: 'ask' }
    case 'a': {
      const h = countIn(attrs.h)
      return h === undefined ? { kind: 'malformed' } : { kind: 'acknowledge', h }
    }
    default:
      return { kind: 'malformed' }
  }
}

function countIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const count = Number(text)
  return count <= HIGHEST_COUNT ? count : undefined
}

const own = (name: string, attributes: Readonly<Record<string, string | number | undefined>> = {}): Element =>
  el(name, { xmlns: NS.streamManagement, ...attributes })

/** The feature that offers it. */
export const managementFeature = (): Element => own('sm')

/** A session that can be resumed has an `id` and is waited for `maxSec`. */
export const enabled = (id?: string, maxSec?: number): Element =>
  own('enabled', { id, resume: id === undefined ? undefined : 'true', max: maxSec })

/** `h`: stanzas that were handled in the session that goes on. */
export const resumed = (id: string, h: number): Element => own('resumed', { previd: id, h })

/** `h`: stanzas that were handled in the session that is over, if that is known. */
export function failed(condition: ErrorCondition, text: string, h?: number): Element {
  const element = own('failed', { h })
  element.append(el(condition, { xmlns: NS.stanzaErrors }))
  element.append(el('text', { xmlns: NS.stanzaErrors, 'xml:lang': 'en' }, text))
  return element
}

/** A request to say how much was handled. */
export const ASK = `<r xmlns="${NS.streamManagement}"/>`

export const acknowledgement = (h: number): Element => own('a', { h })

/** What is told in the stream error to a client that acknowledges too much (XEP-0198 §4). */
export const countTooHigh = (h: number, sent: number): Element =>
  own('handled-count-too-high', { h, 'send-count': sent })
