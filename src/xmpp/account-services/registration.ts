/** What users do to their own accounts: another password, or no account any more. XEP-0077 §3.2 and §3.3. */
import { NS } from '../../stanza/ns.ts'
import { childOf, el, elements } from '../../stanza/xml.ts'
import type { AccountStore } from '../account-port.ts'
import { lockedCredentials, makeCredentials } from '../scram.ts'
import type { WorkLimit } from '../work-limit.ts'
import type { Account } from './account.ts'
import { type IqAnswer, type IqRequest, type IqService, refuse, result } from './iq-service.ts'

export interface RegistrationOptions {
  readonly accounts: AccountStore
  /** Bounds the making of credentials. */
  readonly passwordChecks: WorkLimit
  /** Ends the sessions of an account (bare), but the one with this full address. */
  readonly endSessions: (account: string, text: string, but?: string) => void
}

/** Get: who is registered. Set: a password, or `<remove/>`. */
export const registration =
  (options: RegistrationOptions): IqService =>
  (request) => {
    const { kind, payload, account } = request
    const { local } = account.jid
    if (account.isAnonymous) return refuse('cancel', 'not-allowed', 'Guests have no account.')
    if (kind === 'get')
      return result(
        el('query', { xmlns: NS.register }, el('registered'), el('username', {}, local), el('password')),
      )
    if (childOf(payload, 'remove', NS.register))
      return elements(payload).length > 1
        ? refuse('modify', 'bad-request', 'Nothing else goes with a removal.')
        : remove(options, account)
    const username = payload.getChildText('username')
    const password = payload.getChildText('password')
    if (!username || password === null) return refuse('modify', 'bad-request', 'Give name and password.')
    if (username.toLowerCase() !== local)
      return refuse('cancel', 'not-allowed', 'Only one’s own password can be changed.')
    return changePassword(options, request, password)
  }

/** Whoever knows only the old password is out: all sessions but the asking one end. */
async function changePassword(
  { accounts, passwordChecks, endSessions }: RegistrationOptions,
  { account, from }: IqRequest,
  password: string,
): Promise<IqAnswer> {
  const made = await passwordChecks.run(async () => ({ credentials: await makeCredentials(password) }))
  if (!made) return refuse('wait', 'resource-constraint', 'Too many passwords are looked at; try again.')
  if (!made.credentials) return refuse('modify', 'not-acceptable', 'This cannot be a password.')
  await accounts.put(account.jid.local, made.credentials)
  endSessions(account.jid.bare, 'The password was changed.', from)
  return result()
}

/**
 * Takes all data away and locks the name: rooms that the user made and roles that it has must not fall to the next who
 * chooses it.
 */
async function remove({ accounts, endSessions }: RegistrationOptions, { jid }: Account): Promise<IqAnswer> {
  await accounts.remove(jid.local)
  await accounts.put(jid.local, lockedCredentials())
  return { kind: 'result', after: () => endSessions(jid.bare, 'The account was removed.') }
}
