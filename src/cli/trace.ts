/** `foyer trace JID [--texts]`: stanzas between one user and the gateway as they pass, until interrupted. */
import { randomUUID } from 'node:crypto'
import type { PresentView } from '../gateway/status.ts'
import type { TracePage } from '../gateway/traces.ts'
import { parseJid } from '../stanza/jid.ts'
import { ask, type Command, GATEWAY_OPTIONS, options, plain, UsageError } from './common.ts'

export const traceCommand: Command = async (argv, io) => {
  const spec = { ...GATEWAY_OPTIONS, texts: { type: 'boolean', default: false } } as const
  const { values, positionals } = options(argv, spec, { min: 1, max: 1, names: 'JID' })
  const jid = parseJid(positionals[0] ?? '')
  if (!jid?.local)
    throw new UsageError(
      `expected the JID of a user, such as ann@localhost, not ${positionals[0]}: \`foyer room who\` shows all who are in rooms`,
    )
  const known = (await ask(values, io, 'room who', { word: jid.bare })) as PresentView[]
  for (const line of whereabouts(jid.full, known)) io.err(line)
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

/** Where the user, or the session, is in the first place: a trace of somebody who is nowhere shows nothing. */
export function whereabouts(jid: string, present: readonly PresentView[]): string[] {
  const here = present.flatMap(({ room, nick, addresses, away }) =>
    addresses
      .filter((address) => address === jid || address.startsWith(`${jid}/`))
      .map((address) => plain(`${address} is in ${room} as ${nick}${away ? ', away' : ''}`)),
  )
  return here.length > 0 ? here : [`${plain(jid)} is in no room now: what is seen begins when it enters one`]
}
