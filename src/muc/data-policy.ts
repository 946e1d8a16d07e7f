/** What becomes of people's data, here and in the networks behind the gateway: XEP-0504. */

import { type FormField, formElement } from '../stanza/data-form.ts'
import type { Element } from '../stanza/xml.ts'

/** What the policy depends on. */
export interface PolicyView {
  /** Networks behind the gateway, by the type that a gateway to them has in discovery. */
  readonly networks: readonly string[]
  /** How long messages are kept, in ms; 0 for ever. */
  readonly retentionMs: number
}

const MS_PER_HOUR = 3_600_000

const field = (name: string, ...values: string[]): FormField => ({ name, values })

/** One form for the gateway itself and one for each network behind it, for disco#info of the service. */
export const policyForms = ({ networks, retentionMs }: PolicyView): Element[] => [
  formElement('result', 'urn:xmpp:data-policy:0', [
    field('data_retention', retentionMs === 0 ? 'infinite' : String(Math.ceil(retentionMs / MS_PER_HOUR))),
    field('encryption_at_rest', 'false'),
    field('data_export', 'false'),
    field('access_policy', 'admins'),
    field(
      'extra_info',
      'Messages to rooms are archived here, unless they ask not to be stored, and go to the lobby of the room.',
    ),
  ]),
  ...networks.map((type) =>
    formElement('result', `urn:xmpp:data-policy:identity:gateway:${type}:0`, [
      field('data_transmission', 'encrypted'),
      field('encryption_algorithm', 'TLS'),
      field('data_retention', 'unknown'),
      field('data_deletion', 'false'),
      field(
        'extra_info',
        'A lobby is relayed from friend to friend. Every node that takes part in it can read and keep what is said.',
      ),
    ]),
  ),
]
