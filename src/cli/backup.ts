/** `foyer backup FOLDER`: a copy of all state of the running gateway, which is a data folder itself. */
import { resolve } from 'node:path'
import type { BackupReport } from '../gateway/backup.ts'
import { ask, type Command, GATEWAY_OPTIONS, options } from './common.ts'

/** Long enough for many gigabytes on a slow disk. */
const BACKUP_WAIT_MS = 3_600_000

export const backupCommand: Command = async (argv, io) => {
  const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'FOLDER' })
  const folder = resolve(positionals[0] ?? '')
  io.err(`copying to ${folder} …`)
  const { files, bytes, hasDatabase } = (await ask(
    values,
    io,
    'backup',
    { folder },
    BACKUP_WAIT_MS,
  )) as BackupReport
  io.out(`${files} files, ${bytes} bytes in ${folder}`)
  if (hasDatabase) io.err(`It is a data folder: \`foyer start --data ${folder}\` starts from it.`)
  else io.err('The database is not in it: back it up with pg_dump, see docs/operating.md.')
  io.err('It holds the keys of this node, not encrypted: keep it as you would keep a password.')
  return 0
}
