/** `foyer room kick | mute | unmute`. */
import { ask, type Command, GATEWAY_OPTIONS, noSuchVerb, options } from './common.ts'

export const roomCommand: Command = async ([verb, ...argv], io) => {
  switch (verb) {
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
      throw noSuchVerb('room', verb, ['kick', 'mute', 'unmute'])
  }
}
