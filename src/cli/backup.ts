/** `foyer backup FOLDER`: a copy of all state of the running gateway, which is a data folder itself. */
import { join, resolve } from 'node:path'
import { loadStoreLocation } from '../config.ts'
import type { BackupReport } from '../gateway/backup.ts'
import { GatewayError } from '../util/errors.ts'
import { ask, type Command, configSource, dataFolder, GATEWAY_OPTIONS, type Io, options } from './common.ts'
import { bytesIn, withProgress } from './progress.ts'

/** Long enough for many gigabytes on a slow disk. */
const BACKUP_WAIT_MS = 3_600_000

export const backupCommand: Command = async (argv, io) => {
  const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'FOLDER' })
  const folder = resolve(positionals[0] ?? '')
  io.err(`copying to ${folder} …`)
  const total = bytesIn(dataFolder(values, io))
  const report = (await withProgress(
    io,
    async () => `${mebibytes(await bytesIn(folder))} of about ${mebibytes(await total)} MiB`,
    ask(values, io, 'backup', { folder }, BACKUP_WAIT_MS),
  )) as BackupReport
  io.out(`${report.files} files, ${report.bytes} bytes in ${folder}`)
  const opened = openedFrom({ ...values, data: folder }, io) ?? join(folder, report.database ?? '')
  for (const line of hints(folder, report, opened)) io.err(line)
  return 0
}

/** The database that the configuration names for a data folder; undefined where it is not for this user to read. */
function openedFrom(values: Parameters<typeof configSource>[0], io: Io): string | undefined {
  try {
    const location = loadStoreLocation(configSource(values, io))
    return location.kind === 'sqlite' ? location.file : ''
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20)

/** How to start from the copy; `opened` is the database that the configuration names for a data folder there. */
export function hints(
  folder: string,
  { database, isDatabaseMoved }: BackupReport,
  opened: string | undefined,
): string[] {
  const secret = 'It holds the keys of this node, not encrypted: keep it as you would keep a password.'
  if (database === null)
    return ['The database is not in it: back it up with pg_dump, see docs/operating.md.', secret]
  const start = `\`foyer start --data ${folder}\` starts from it`
  if (!isDatabaseMoved && opened === join(folder, database)) return [`It is a data folder: ${start}.`, secret]
  return [
    `The database is ${join(folder, database)}, and archive.url leads to another one.`,
    `Set archive.url to sqlite:${database} first, then ${start}.`,
    secret,
  ]
}
