/** `foyer lobby list | invites | create | join | leave | decline | alias`. */
import { invitationListing, lobbyListing } from '../gateway/listings.ts'
import type { InvitationView, LobbyView } from '../gateway/status.ts'
import { ask, type Command, GATEWAY_OPTIONS, listed, noSuchVerb, options } from './common.ts'

export const lobbyCommand: Command = async ([verb, ...argv], io) => {
  switch (verb) {
    case 'list': {
      const spec = { ...GATEWAY_OPTIONS, json: { type: 'boolean' } } as const
      const { values } = options(argv, spec, { min: 0, max: 0, names: '' })
      const lobbies = (await ask(values, io, 'lobby list')) as LobbyView[]
      if (values.json) io.out(JSON.stringify(lobbies))
      else for (const line of listed(lobbyListing(lobbies))) io.out(line)
      return 0
    }
    case 'invites': {
      const spec = { ...GATEWAY_OPTIONS, json: { type: 'boolean' } } as const
      const { values } = options(argv, spec, { min: 0, max: 0, names: '' })
      const invitations = (await ask(values, io, 'lobby invites')) as InvitationView[]
      if (values.json) io.out(JSON.stringify(invitations))
      else for (const line of listed(invitationListing(invitations))) io.out(line)
      return 0
    }
    case 'create': {
      const spec = {
        ...GATEWAY_OPTIONS,
        topic: { type: 'string' },
        private: { type: 'boolean' },
        signed: { type: 'boolean' },
        network: { type: 'string' },
      } as const
      const { values, positionals } = options(argv, spec, { min: 1, max: 1, names: 'NAME' })
      const id = await ask(values, io, 'lobby create', {
        name: positionals[0],
        topic: values.topic ?? '',
        private: values.private === true,
        signed: values.signed === true,
        network: values.network ?? 'retroshare',
      })
      io.out(String(id))
      return 0
    }
    case 'join':
    case 'leave':
    case 'decline': {
      const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'ID' })
      await ask(values, io, `lobby ${verb}`, { id: positionals[0] })
      return 0
    }
    case 'alias': {
      const { values, positionals } = options(argv, GATEWAY_OPTIONS, {
        min: 2,
        max: 2,
        names: 'ID LOCALPART',
      })
      await ask(values, io, 'lobby alias', { id: positionals[0], alias: positionals[1] })
      return 0
    }
    default:
      throw noSuchVerb('lobby', verb, ['list', 'invites', 'create', 'join', 'leave', 'decline', 'alias'])
  }
}
