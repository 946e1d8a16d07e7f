/** Operations on the gateway itself: how much it logs, what it shows of one user, a copy of all its state. */
import { LOG_LEVELS } from '../../config.ts'
import { GatewayError } from '../../util/errors.ts'
import { operation, textOf } from './operation.ts'

export const GATEWAY_OPERATIONS = {
  'log level': operation({
    title: 'Set how much is logged, until a restart',
    parameters: [
      {
        name: 'level',
        label: 'Level',
        kind: 'text',
        isRequired: true,
        choices: () => LOG_LEVELS.map((level) => ({ value: level, label: level })),
      },
    ],
    run: async (context, args) => {
      const wanted = textOf(args, 'level')
      const level = LOG_LEVELS.find((known) => known === wanted)
      if (!level)
        throw new GatewayError('ADMIN_REQUEST', `the level is one of ${LOG_LEVELS.join(', ')}, not ${wanted}`)
      context.setLogLevel(level)
    },
  }),
  trace: operation({
    title: 'Show what passes between one user and this gateway',
    parameters: [
      { name: 'jid', label: 'JID', kind: 'text', isRequired: true },
      { name: 'texts', label: 'With texts', kind: 'flag' },
      { name: 'watcher', label: 'Any word of whoever asks, the same each time', kind: 'text' },
    ],
    isLocal: true,
    run: (context, args) =>
      context.traces.next({
        jid: textOf(args, 'jid'),
        hasTexts: args.texts === true,
        watcher: textOf(args, 'watcher'),
      }),
  }),
  backup: operation({
    title: 'Copy all state to a folder',
    parameters: [{ name: 'folder', label: 'Folder', kind: 'text', isRequired: true }],
    isLocal: true,
    run: (context, args) => context.backup(textOf(args, 'folder')),
  }),
} as const
