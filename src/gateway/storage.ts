/** The database and what stands before it: group commit, writes that wait for it, and which lobbies were heard when. */
import type { Logger } from 'pino'
import { openStoreAt, type StoreLocation } from '../archive/open-store.ts'
import type { Store } from '../archive/store.ts'
import type { ArchiveId } from '../util/ids.ts'
import { ArchiveWriter } from './archive-writer.ts'
import { Hearing } from './hearing.ts'
import { RoomsBehind } from './rooms-behind.ts'
import type { Shutdown } from './shutdown.ts'
import { toldIfSlow } from './slow-step.ts'

export interface StorageOptions {
  readonly location: StoreLocation
  readonly log: Logger
  /** Ends what is opened. */
  readonly shutdown: Shutdown
  nowMs(): number
  /** A commit has taken so long. */
  onCommit(seconds: number): void
  /** An entry could not be stored. */
  onFailed(): void
  /** `problem` may say something else now. Also called while the storage is being opened. */
  onHealth(): void
}

export interface Storage {
  readonly store: Store
  readonly writer: ArchiveWriter
  readonly hearing: Hearing
  /** Newest entry of the archive when it was opened. */
  readonly lastId: ArchiveId | null
  /** The tables of rooms and nicks; writes wait for a database that is away. */
  readonly behind: Pick<Store, 'rooms' | 'nicks'>
  /** Why nothing can be stored, in words. */
  problem(): string | undefined
}

/** Rejects with a `GatewayError`, as `openStoreAt` does. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { location, log, shutdown, nowMs, onCommit, onFailed, onHealth } = options
  let databaseIsBack = (): void => undefined
  let diskFailed = (_error: unknown): void => undefined
  const onProblem = (reason: string | undefined): void => {
    if (reason === undefined) log.info('the database is back')
    else log.error({ code: 'ARCHIVE_LOST', reason }, 'the database is lost')
    if (reason === undefined) databaseIsBack()
    onHealth()
  }
  const onMigrating = (from: number, to: number): void =>
    log.info({ from, to }, 'bringing the database up to date; with many messages this takes minutes')
  const opening = openStoreAt(location, onProblem, (error) => diskFailed(error), onMigrating)
  const store = await toldIfSlow(() => log.info('opening the database'), opening)
  shutdown.add({ archive: () => store.close() })
  const writer = new ArchiveWriter(store.archive, log, { onCommit, onHealth, onFailed })
  shutdown.add({ writer: () => writer.close() })
  const lastId = await store.archive.lastId()
  const hearing = await Hearing.open({ store, log, nowMs }, lastId)
  shutdown.add({ hearing: () => hearing.stop() })
  const behind = new RoomsBehind(store)
  shutdown.add({ 'rooms behind': async () => behind.stop() })
  diskFailed = (error) => writer.otherFailed(error)
  databaseIsBack = () => {
    writer.tryAgain()
    behind.resume()
  }
  return {
    store,
    writer,
    hearing,
    lastId,
    behind,
    problem: () => store.problem() ?? (writer.isFailing ? 'the last write failed, see the log' : undefined),
  }
}
