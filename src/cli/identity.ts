/** `foyer identity list | ban | unban`. */
import { identityListing } from '../gateway/listings.ts'
import type { IdentityView } from '../gateway/status.ts'
import { ask, type Command, GATEWAY_OPTIONS, listed, noSuchVerb, options } from './common.ts'

export const identityCommand: Command = async ([verb, ...argv], io) => {
  switch (verb) {
    case 'list': {
      const spec = { ...GATEWAY_OPTIONS, json: { type: 'boolean' } } as const
      const { values } = options(argv, spec, { min: 0, max: 0, names: '' })
      const identities = (await ask(values, io, 'identity list')) as IdentityView[]
      if (values.json) io.out(JSON.stringify(identities))
      else for (const line of listed(identityListing(identities))) io.out(line)
      return 0
    }
    case 'ban':
    case 'unban': {
      const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'ID' })
      await ask(values, io, `identity ${verb}`, { id: positionals[0] })
      return 0
    }
    default:
      throw noSuchVerb('identity', verb, ['list', 'ban', 'unban'])
  }
}
