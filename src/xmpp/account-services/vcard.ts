/** The user's own vCard. XEP-0054. */
import { NS } from '../../stanza/ns.ts'
import { DocumentParser } from '../../stanza/parser.ts'
import { el, serialize, standalone } from '../../stanza/xml.ts'
import { type IqAnswer, type IqRequest, type IqService, refuse, result } from './iq-service.ts'

/** Get: the stored vCard or an empty one (XEP-0054 §3.1). Set: replaces it. */
export async function ownVcard({ kind, payload, account }: IqRequest): Promise<IqAnswer> {
  const { local } = account.jid
  if (kind === 'set')
    return (await account.data.putVcard(local, serialize(standalone(payload))))
      ? result()
      : refuse('cancel', 'resource-constraint', 'There is no room for this vCard.')
  const stored = await account.data.vcard(local)
  const parsed = stored === undefined ? undefined : new DocumentParser().parse(stored)
  return result(parsed?.ok ? parsed.value : el('vCard', { xmlns: NS.vcard }))
}

/** Somebody else's vCard: as there are no contacts, nobody's is shown, whether it is there or not. */
export const hiddenVcard: IqService = () =>
  refuse('cancel', 'item-not-found', 'There is no vCard of this user to see.')
