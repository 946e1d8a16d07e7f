/** What a service that answers IQs is: a function from request to answer. RFC 6120 §8.2.3. */
import type { ErrorCondition, ErrorType, StanzaError } from '../../stanza/stanza-error.ts'
import type { Element } from '../../stanza/xml.ts'
import type { Account } from './account.ts'

/** An IQ of kind get or set with exactly one child, from a client to its own account or to the server. */
export interface IqRequest {
  readonly kind: 'get' | 'set'
  readonly payload: Element
  readonly account: Account
  /** Full address of who asks: a session of the account, or somebody else. */
  readonly from: string
}

/** The answer that will be sent, once. */
export type IqAnswer =
  /** `after`: what happens when the answer is on its way. */
  | { readonly kind: 'result'; readonly payload?: Element; readonly after?: () => void }
  | { readonly kind: 'error'; readonly error: StanzaError }

export type IqService = (request: IqRequest) => IqAnswer | Promise<IqAnswer>

/** Services by payload: the key is `{namespace}name`. */
export type IqServices = ReadonlyMap<string, IqService>

export const serviceKey = (namespace: string, name: string): string => `{${namespace}}${name}`

export const result = (payload?: Element): IqAnswer => ({ kind: 'result', ...(payload && { payload }) })

/** `detail`: the application's own condition, if there is one. */
export const refuse = (
  type: ErrorType,
  condition: ErrorCondition,
  text: string,
  detail?: Element,
): IqAnswer => ({
  kind: 'error',
  error: { type, condition, text, ...(detail && { detail }) },
})

/** The answer to whatever is not served. */
export const notServed = (): IqAnswer => refuse('cancel', 'service-unavailable', 'This is not served here.')

/** The answer when what is stored cannot be read or written now. */
export const storeFailed = (): IqAnswer =>
  refuse('wait', 'internal-server-error', 'The server could not do this now.')
