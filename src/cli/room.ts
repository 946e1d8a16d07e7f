/** `foyer room who | kick | mute | unmute`. */
import { presentListing } from '../gateway/listings.ts'
import type { PresentView } from '../gateway/status.ts'
import { ask, type Command, GATEWAY_OPTIONS, listed, noSuchVerb, options } from './common.ts'

export const roomCommand: Command = async ([verb, ...argv], io) => {
  switch (verb) {
    case 'who': {
      const spec = { ...GATEWAY_OPTIONS, json: { type: 'boolean' } } as const
      const { values, positionals } = options(argv, spec, { min: 0, max: 1, names: '' })
      const present = (await ask(values, io, 'room who', { word: positionals[0] ?? '' })) as PresentView[]
      if (values.json) io.out(JSON.stringify(present))
      else for (const line of listed(presentListing(present))) io.out(line)
      return 0
    }
    case 'kick':
    case 'mute': {
      const spec = { ...GATEWAY_OPTIONS, reason: { type: 'string' } } as const
      const whom = verb === 'kick' ? 'nick' : 'who'
      const names = `ROOM ${whom.toUpperCase()}`
      const { values, positionals } = options(argv, spec, { min: 2, max: 2, names })
      const [room, name] = positionals
      await ask(values, io, `room ${verb}`, { room, [whom]: name, reason: values.reason ?? '' })
      return 0
    }
    case 'unmute': {
      const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 2, max: 2, names: 'ROOM WHO' })
      await ask(values, io, 'room unmute', { room: positionals[0], who: positionals[1] })
      return 0
    }
    default:
      throw noSuchVerb('room', verb, ['who', 'kick', 'mute', 'unmute'])
  }
}
