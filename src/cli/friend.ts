/** `foyer friend add | list | remove | ignore | heed`. */
import { friendListing } from '../gateway/listings.ts'
import type { FriendView } from '../gateway/status.ts'
import { ask, type Command, GATEWAY_OPTIONS, listed, noSuchVerb, options, plain } from './common.ts'

export const friendCommand: Command = async ([verb, ...argv], io) => {
  switch (verb) {
    case 'add': {
      const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'INVITE or -' })
      const invite = positionals[0] === '-' ? await io.readStdin() : positionals[0]
      const friend = (await ask(values, io, 'friend add', { invite })) as FriendView
      io.out(`${friend.id}  ${plain(friend.name)}`)
      return 0
    }
    case 'list': {
      const spec = { ...GATEWAY_OPTIONS, json: { type: 'boolean' } } as const
      const { values } = options(argv, spec, { min: 0, max: 0, names: '' })
      const friends = (await ask(values, io, 'friend list')) as FriendView[]
      if (values.json) {
        io.out(JSON.stringify(friends))
        return 0
      }
      const ignored = (await ask(values, io, 'friend ignored')) as string[]
      for (const line of listed(friendListing(friends, ignored))) io.out(line)
      return 0
    }
    case 'remove':
    case 'ignore':
    case 'heed': {
      const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'ID' })
      await ask(values, io, `friend ${verb}`, { id: positionals[0] })
      return 0
    }
    default:
      throw noSuchVerb('friend', verb, ['add', 'list', 'remove', 'ignore', 'heed'])
  }
}
