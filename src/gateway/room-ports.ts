/** What rooms share: clock, ids, and the archive with its group commit. */
import { randomBytes } from 'node:crypto'
import type { Archive } from '../archive/archive.ts'
import type { ArchiveAnswer, ArchiveMetadata } from '../muc/archive-port.ts'
import type { RoomEnv } from '../muc/room-port.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { ArchiveWriter } from './archive-writer.ts'
import type { RoomPorts } from './room-runner.ts'
import { SearchGate } from './search-gate.ts'

/** Ports of every room but those that are each room's own. */
export type SharedPorts = Omit<RoomPorts, 'perform' | 'save' | 'wakeAt'>

export interface SharedPortsOptions {
  readonly archive: Archive
  readonly writer: ArchiveWriter
  readonly nextArchiveId: () => ArchiveId
  readonly nowMs: () => number
}

/** A failing archive is an answer for the asker, and told to the operator by the writer and the health check. */
export function sharedPorts({ archive, writer, nextArchiveId, nowMs }: SharedPortsOptions): SharedPorts {
  const searches = new SearchGate()
  return {
    env: (): RoomEnv => ({ nowMs: nowMs(), nextArchiveId, randomBytes: (count) => randomBytes(count) }),
    append: (entry, done) => writer.append(entry, done),
    query: (query): Promise<ArchiveAnswer> => {
      const ask = (): Promise<ArchiveAnswer> => archive.query(query)
      return (query.text === undefined ? ask() : searches.run(ask)).catch(() => ({ kind: 'failed' }))
    },
    metadata: (room): Promise<ArchiveMetadata | null | 'failed'> =>
      archive.metadata(room).catch(() => 'failed' as const),
  }
}
