/** Service discovery of the server and of a user's own account. XEP-0030. */
import { NS } from '../../stanza/ns.ts'
import { el } from '../../stanza/xml.ts'
import { type IqAnswer, type IqRequest, type IqService, refuse, result } from './iq-service.ts'

/** A service of this gateway under its own domain. */
export interface ServiceItem {
  readonly jid: string
  readonly name: string
}

const noSuchNode = (): IqAnswer => refuse('cancel', 'item-not-found', 'There is no such node.')

/** Answers gets for the entity itself; it has no nodes. */
function readOnly(answer: (request: IqRequest) => IqAnswer): IqService {
  return (request) => {
    if (request.kind === 'set') return refuse('cancel', 'not-allowed', 'This can only be read.')
    return request.payload.attrs.node === undefined ? answer(request) : noSuchNode()
  }
}

const info = (identity: Readonly<Record<string, string>>, features: readonly string[]): IqAnswer =>
  result(
    el(
      'query',
      { xmlns: NS.discoInfo },
      el('identity', identity),
      ...features.map((feature) => el('feature', { var: feature })),
    ),
  )

/** disco#info of the server. */
export const serverInfo = (features: readonly string[]): IqService =>
  readOnly(() => info({ category: 'server', type: 'im', name: 'Foyer' }, features))

/** disco#items of the server: its services. */
export const serverItems = (services: () => readonly ServiceItem[]): IqService =>
  readOnly(() =>
    result(
      el('query', { xmlns: NS.discoItems }, ...services().map(({ jid, name }) => el('item', { jid, name }))),
    ),
  )

/** disco#info of the account. Without `urn:xmpp:bookmarks:1#compat` clients keep bookmarks in private XML, which is served. */
export const accountInfo = (features: readonly string[]): IqService =>
  readOnly(({ account }) =>
    info({ category: 'account', type: account.isAnonymous ? 'anonymous' : 'registered' }, features),
  )

/** disco#items of the account: none. */
export const accountItems: IqService = readOnly(() => result(el('query', { xmlns: NS.discoItems })))
