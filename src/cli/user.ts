/** `foyer user add | list | remove | passwd`: accounts of the embedded server. */
import { ask, type Command, GATEWAY_OPTIONS, noSuchVerb, options, UsageError } from './common.ts'
import { askNewPassword } from './new-password.ts'

const PASSWORD_OPTIONS = { ...GATEWAY_OPTIONS, 'password-stdin': { type: 'boolean' } } as const

export const userCommand: Command = async ([verb, ...argv], io) => {
  switch (verb) {
    case 'add':
    case 'passwd': {
      const { values, positionals } = options(argv, PASSWORD_OPTIONS, { min: 1, max: 1, names: 'NAME' })
      const password = values['password-stdin'] ? firstLine(await io.readStdin()) : await promptPassword()
      if (password === undefined) {
        io.err('foyer: no password, so nothing was changed')
        return 1
      }
      await ask(values, io, `user ${verb}`, { name: positionals[0], password })
      if (process.stdout.isTTY) io.out(`${positionals[0]} can log in with this password.`)
      return 0
    }
    case 'list': {
      const { values } = options(argv, GATEWAY_OPTIONS, { min: 0, max: 0, names: '' })
      for (const name of (await ask(values, io, 'user list')) as string[]) io.out(name)
      return 0
    }
    case 'remove': {
      const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'NAME' })
      await ask(values, io, 'user remove', { name: positionals[0] })
      return 0
    }
    default:
      throw noSuchVerb('user', verb, ['add', 'list', 'remove', 'passwd'])
  }
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? ''

function promptPassword(): Promise<string | undefined> {
  if (!process.stdin.isTTY) throw new UsageError('no terminal to ask for the password: use --password-stdin')
  return askNewPassword({ input: process.stdin, output: process.stderr })
}
