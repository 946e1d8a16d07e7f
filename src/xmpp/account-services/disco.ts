/** Service discovery of the server and of a user's own account. XEP-0030. */
import { NS } from '../../stanza/ns.ts'
import { type Element, el } from '../../stanza/xml.ts'
import { type IqAnswer, type IqRequest, type IqService, refuse, result } from './iq-service.ts'
import { metaData } from './pep-config.ts'
import { PepNodes } from './pep-nodes.ts'

/** A service of this gateway under its own domain. */
export interface ServiceItem {
  readonly jid: string
  readonly name: string
}

const noSuchNode = (): IqAnswer => refuse('cancel', 'item-not-found', 'There is no such node.')

const readOnlyError = (): IqAnswer => refuse('cancel', 'not-allowed', 'This can only be read.')

/** Answers gets for the entity itself; it has no nodes. */
function readOnly(answer: (request: IqRequest) => IqAnswer): IqService {
  return (request) => {
    if (request.kind === 'set') return readOnlyError()
    return request.payload.attrs.node === undefined ? answer(request) : noSuchNode()
  }
}

const info = (
  identities: readonly Readonly<Record<string, string>>[],
  features: readonly string[],
  { node, form }: { readonly node?: string; readonly form?: Element } = {},
): IqAnswer =>
  result(
    el(
      'query',
      { xmlns: NS.discoInfo, node },
      ...identities.map((identity) => el('identity', identity)),
      ...features.map((feature) => el('feature', { var: feature })),
      form,
    ),
  )

/** disco#info of the server. */
export const serverInfo = (features: readonly string[]): IqService =>
  readOnly(() => info([{ category: 'server', type: 'im', name: 'Foyer' }], features))

/** disco#items of the server: its services. */
export const serverItems = (services: () => readonly ServiceItem[]): IqService =>
  readOnly(() =>
    result(
      el('query', { xmlns: NS.discoItems }, ...services().map(({ jid, name }) => el('item', { jid, name }))),
    ),
  )

/** disco#info of the account and of its nodes. */
export const accountInfo =
  (features: readonly string[]) =>
  async ({ kind, payload, account }: IqRequest): Promise<IqAnswer> => {
    if (kind === 'set') return readOnlyError()
    const { node } = payload.attrs
    if (node === undefined)
      return info(
        [
          { category: 'account', type: account.isAnonymous ? 'anonymous' : 'registered' },
          { category: 'pubsub', type: 'pep' },
        ],
        features,
      )
    const config = await new PepNodes(account).config(String(node))
    return config
      ? info([{ category: 'pubsub', type: 'leaf' }], [NS.pubsub], { node, form: metaData(config) })
      : noSuchNode()
  }

/** disco#items of the account: its nodes; of a node: its items (XEP-0060 §5.2, §5.5). */
export async function accountItems({ kind, payload, account }: IqRequest): Promise<IqAnswer> {
  if (kind === 'set') return readOnlyError()
  const nodes = new PepNodes(account)
  const jid = account.jid.bare
  const { node } = payload.attrs
  if (node !== undefined && !(await nodes.config(String(node)))) return noSuchNode()
  const items =
    node === undefined
      ? (await nodes.all()).map((each) => el('item', { jid, node: each.node }))
      : (await nodes.items(String(node))).map(({ id }) => el('item', { jid, name: id }))
  return result(el('query', { xmlns: NS.discoItems, node }, ...items))
}
