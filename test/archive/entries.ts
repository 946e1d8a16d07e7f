// Sample entries for tests of the archive.
import type { ArchiveEntry } from '../../src/muc/archive-port.ts'
import type { ArchiveId } from '../../src/util/ids.ts'

export const START_MS = 1_790_000_000_000
export const idAt = (ms: number, micros = 0): ArchiveId =>
  String(ms * 1_000 + micros).padStart(16, '0') as ArchiveId

/** An entry, `n` ms after the start. */
export function entry(n: number, given: Partial<ArchiveEntry> = {}): ArchiveEntry {
  return {
    id: idAt(START_MS + n),
    room: 'lobby',
    atMs: START_MS + n,
    occupantId: 'ann',
    nick: 'Ann',
    kind: 'message',
    body: `text ${n}`,
    xml: `<message type="groupchat"><body>text ${n}</body></message>`,
    networkId: null,
    ...given,
  }
}
