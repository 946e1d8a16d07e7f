/** Resource binding: what a client asks for. RFC 6120 §7. */
import { normalizeResource } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { childOf, detached, type Element } from '../stanza/xml.ts'
import { fail, ok, type Result } from '../util/result.ts'

/** Why a resource cannot be had. */
export type BindRefusal = StanzaError

export const isBind = (stanza: Element): boolean =>
  stanza.name === 'iq' && stanza.attrs.type === 'set' && childOf(stanza, 'bind', NS.bind) !== undefined

/** The resource that the client wishes; undefined leaves it to the server (RFC 6120 §7.6). Other children are ignored. */
export function bindRequest(iq: Element): Result<string | undefined, BindRefusal> {
  const bind = childOf(iq, 'bind', NS.bind)
  const wish = bind?.getChildText('resource', NS.bind) ?? ''
  if (!iq.attrs.id) return fail({ type: 'modify', condition: 'bad-request', text: 'An IQ has an id.' })
  if (wish === '') return ok(undefined)
  const resource = normalizeResource(wish)
  return resource === undefined
    ? fail({ type: 'modify', condition: 'bad-request', text: 'This cannot be a resource.' })
    : ok(detached(resource))
}
