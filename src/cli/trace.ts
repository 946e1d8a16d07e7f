/** `foyer trace JID [--texts]`: stanzas between one user and the gateway as they pass, until interrupted. */
import { randomUUID } from 'node:crypto'
import type { TracePage } from '../gateway/traces.ts'
import { ask, type Command, GATEWAY_OPTIONS, options, plain } from './common.ts'

export const traceCommand: Command = async (argv, io) => {
  const spec = { ...GATEWAY_OPTIONS, texts: { type: 'boolean', default: false } } as const
  const { values, positionals } = options(argv, spec, { min: 1, max: 1, names: 'JID' })
  io.err(
    values.texts
      ? 'With texts: what you see is what people wrote to each other. Ctrl-C ends it.'
      : 'Texts and passwords are shown as …; --texts shows them. Ctrl-C ends it.',
  )
  const request = { jid: positionals[0], texts: values.texts, watcher: randomUUID() }
  for (;;) {
    const page = (await ask(values, io, 'trace', request)) as TracePage
    for (const { at, direction, xml } of page.stanzas)
      io.out(`${new Date(at).toISOString()} ${direction === 'in' ? 'from' : 'to  '} ${plain(xml)}`)
    if (page.missed > 0) io.err(`${page.missed} stanzas came too fast and are not shown`)
  }
}
