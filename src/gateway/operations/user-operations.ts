/** Operations on accounts of the embedded server. */
import { normalizeLocal } from '../../stanza/jid.ts'
import { GatewayError } from '../../util/errors.ts'
import { makeCredentials } from '../../xmpp/scram.ts'
import { type Args, type OperationContext, operation, textOf } from './operation.ts'

const isOffered = ({ hasServer }: OperationContext): boolean => hasServer
const NAME = { name: 'name', label: 'Name, the part before the @', kind: 'text', isRequired: true } as const
const KNOWN = {
  ...NAME,
  choices: async ({ accounts }: OperationContext) =>
    (await accounts.list()).map((name) => ({ value: name, label: name })),
}
const PASSWORD = { name: 'password', label: 'Password', kind: 'secret', isRequired: true } as const

export const USER_OPERATIONS = {
  'user add': operation({
    title: 'Add an account',
    parameters: [NAME, PASSWORD],
    isOffered,
    run: (context, args) => putUser(context, args, false),
  }),
  'user passwd': operation({
    title: 'Give an account another password',
    parameters: [KNOWN, PASSWORD],
    isOffered,
    run: (context, args) => putUser(context, args, true),
  }),
  'user list': operation({
    title: 'List accounts',
    isOffered,
    run: ({ accounts }) => accounts.list(),
    show: (names) => ({ listing: { columns: ['Name'], rows: names.map((name) => [name]) } }),
  }),
  'user remove': operation({
    title: 'Remove an account',
    parameters: [KNOWN],
    warning: 'The account goes with all that is kept for it, and its name is free for others.',
    isOffered,
    run: async ({ accounts, endSessions }, args) => {
      const name = accountName(args)
      if (!(await accounts.remove(name))) throw noSuchUser(name)
      endSessions(name, 'The account was removed.')
    },
  }),
} as const

const noSuchUser = (name: string): GatewayError =>
  new GatewayError('NO_SUCH_USER', `there is no account ${name}; \`foyer user list\` shows all`)

function accountName(args: Args): string {
  const wanted = textOf(args, 'name')
  const name = normalizeLocal(wanted)
  if (name === undefined)
    throw new GatewayError(
      'BAD_NAME',
      `${wanted} cannot be part of an address: choose a name without blanks and any of " & ' / : < > @`,
    )
  return name
}

async function putUser(context: OperationContext, args: Args, mustExist: boolean): Promise<void> {
  const name = accountName(args)
  const credentials = await makeCredentials(textOf(args, 'password'))
  if (!credentials)
    throw new GatewayError(
      'BAD_PASSWORD',
      'the password is empty, too long, or has characters that no password may have: choose another',
    )
  const exists = (await context.accounts.find(name)) !== undefined
  if (mustExist && !exists) throw noSuchUser(name)
  if (!mustExist && exists)
    throw new GatewayError(
      'NAME_TAKEN',
      `there is an account ${name} already; \`foyer user passwd ${name}\` changes its password`,
    )
  await context.accounts.put(name, credentials)
  if (mustExist) context.endSessions(name, 'The password was changed.')
}
