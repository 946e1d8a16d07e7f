/** What rooms share: clock, ids, and the archive with its group commit. */
import { randomBytes } from 'node:crypto'
import type { Archive } from '../archive/archive.ts'
import type { ArchiveAnswer, ArchiveMetadata, ArchiveQuery } from '../muc/archive-port.ts'
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
  /** A query of the archive was answered. */
  readonly onQuery: (kind: 'page' | 'search', seconds: number) => void
}

/** A failing archive is an answer for the asker, and told to the operator by the writer and the health check. */
export function sharedPorts(options: SharedPortsOptions): SharedPorts {
  const { archive, writer, nextArchiveId, nowMs, onQuery } = options
  const searches = new SearchGate()
  const timed = async (query: ArchiveQuery): Promise<ArchiveAnswer> => {
    const startedAtMs = performance.now()
    const answer = await archive.query(query)
    onQuery(query.text === undefined ? 'page' : 'search', (performance.now() - startedAtMs) / 1000)
    return answer
  }
  return {
    env: (): RoomEnv => ({ nowMs: nowMs(), nextArchiveId, randomBytes: (count) => randomBytes(count) }),
    append: (entry, done) => writer.append(entry, done),
    query: (query): Promise<ArchiveAnswer> => {
      const ask = (): Promise<ArchiveAnswer> => timed(query)
      return (query.text === undefined ? ask() : searches.run(ask)).catch(() => ({ kind: 'failed' }))
    },
    metadata: (room): Promise<ArchiveMetadata | null | 'failed'> =>
      archive.metadata(room).catch(() => 'failed' as const),
  }
}
