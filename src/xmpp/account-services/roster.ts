/** The roster: always empty, and says so in the way that clients wait for at login. RFC 6121 §2. */
import { NS } from '../../stanza/ns.ts'
import { el } from '../../stanza/xml.ts'
import { type IqAnswer, type IqRequest, refuse, result } from './iq-service.ts'

/** Get: an empty roster, whatever version the client knows. Set: refused, contacts are not kept. */
export function roster({ kind }: IqRequest): IqAnswer {
  return kind === 'get'
    ? result(el('query', { xmlns: NS.roster }))
    : refuse('cancel', 'not-allowed', 'This server keeps no contact list.')
}
