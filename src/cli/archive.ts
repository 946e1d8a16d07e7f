/** `foyer archive export ROOM | prune`. */
import type { ArchiveEntry } from '../muc/archive-port.ts'
import { ask, type Command, GATEWAY_OPTIONS, noSuchVerb, options, plain, UsageError } from './common.ts'
import { withProgress } from './progress.ts'

export const archiveCommand: Command = async ([verb, ...argv], io) => {
  switch (verb) {
    case 'export': {
      const spec = { ...GATEWAY_OPTIONS, format: { type: 'string', default: 'jsonl' } } as const
      const { values, positionals } = options(argv, spec, { min: 1, max: 1, names: 'ROOM' })
      if (values.format !== 'jsonl' && values.format !== 'txt')
        throw new UsageError(`--format is jsonl or txt, not ${values.format}`)
      let written = 0
      let last: ArchiveEntry | undefined
      const exportAll = async (): Promise<number> => {
        for (;;) {
          const request = { room: positionals[0], after: last?.id ?? null }
          const entries = (await ask(values, io, 'archive export', request)) as ArchiveEntry[]
          if (entries.length === 0) return 0
          for (const entry of entries)
            io.out(values.format === 'jsonl' ? JSON.stringify(entry) : asText(entry))
          written += entries.length
          last = entries.at(-1)
        }
      }
      const tell = (): string =>
        `${written} messages${last ? `, up to ${new Date(last.atMs).toISOString().slice(0, 10)}` : ''} …`
      return withProgress(io, tell, exportAll())
    }
    case 'prune': {
      const { values } = options(argv, GATEWAY_OPTIONS, { min: 0, max: 0, names: '' })
      io.out(`${await ask(values, io, 'archive prune')} messages removed`)
      return 0
    }
    default:
      throw noSuchVerb('archive', verb, ['export', 'prune'])
  }
}

function asText(entry: ArchiveEntry): string {
  const time = new Date(entry.atMs).toISOString()
  const body = (entry.body ?? '').split('\n').map(plain).join('\n')
  switch (entry.kind) {
    case 'subject':
      return `${time} * ${plain(entry.nick)} set the subject`
    case 'retracted':
      return `${time} <${plain(entry.nick)}> [taken back]`
    case 'retraction':
      return `${time} * ${plain(entry.nick) || 'A moderator'} took a message back`
    case 'gap':
      return `${time} * ${body}`
    case 'message':
      return `${time} <${plain(entry.nick)}> ${body}`
  }
}
