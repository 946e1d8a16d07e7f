/** Stream errors: RFC 6120 §4.9. Each one ends the stream that it is sent on. */
import { NS } from './ns.ts'
import { type Element, el } from './xml.ts'

/** The conditions of RFC 6120 §4.9.3 that this server sends. */
export type StreamErrorCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'conflict'
  | 'connection-timeout'
  | 'host-unknown'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'invalid-namespace'
  | 'not-authorized'
  | 'not-well-formed'
  | 'policy-violation'
  | 'reset'
  | 'resource-constraint'
  | 'restricted-xml'
  | 'system-shutdown'
  | 'undefined-condition'
  | 'unsupported-encoding'
  | 'unsupported-feature'
  | 'unsupported-stanza-type'
  | 'unsupported-version'

/**
 * `<stream:error/>` with its prefix declared, so that it can stand in a WebSocket frame too. `text` is for people,
 * `detail` for programs (RFC 6120 §4.9.4).
 */
export function streamErrorElement(condition: StreamErrorCondition, text: string, detail?: Element): Element {
  return el(
    'stream:error',
    { 'xmlns:stream': NS.streams },
    el(condition, { xmlns: NS.streamErrors }),
    el('text', { xmlns: NS.streamErrors, 'xml:lang': 'en' }, text),
    detail,
  )
}
