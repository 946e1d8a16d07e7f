/** Operations on what is stored: export, and removal of what is past its retention. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ArchiveEntry } from '../../muc/archive-port.ts'
import { findRoom } from './find.ts'
import { type Args, type OperationContext, operation, textOf } from './operation.ts'

/** Entries of one page of an export. */
const EXPORT_PAGE = 1000
const PRUNE_BATCH = 100

export const ARCHIVE_OPERATIONS = {
  'archive export': operation({
    title: 'Export messages of a room, a page at a time',
    parameters: [
      { name: 'room', label: 'Room', kind: 'text', isRequired: true },
      { name: 'after', label: 'Id of the last message of the page before', kind: 'text' },
    ],
    isLocal: true,
    run: exportArchive,
  }),
  'archive prune': operation({
    title: 'Remove messages and files past their retention now',
    warning: 'What is older than archive.retention is gone for good.',
    run: (context) => prune(context),
    show: (count) => ({ note: `${count} messages removed` }),
  }),
} as const

/** One page of a room's archive after an id, oldest first; empty at the end. */
async function exportArchive(context: OperationContext, args: Args): Promise<readonly ArchiveEntry[]> {
  const { localpart } = findRoom(context, textOf(args, 'room'))
  const query = { room: localpart, fromEnd: false, max: EXPORT_PAGE, withCount: false } as const
  const afterId = textOf(args, 'after')
  const after = afterId === '' ? {} : { afterId: afterId as ArchiveEntry['id'] }
  let answer = await context.archive.query({ ...query, ...after })
  // What was exported last has been pruned meanwhile, and with it all before it.
  if (answer.kind === 'not-found') answer = await context.archive.query(query)
  return answer.kind === 'page' ? answer.page.entries : []
}

type PruneContext = Pick<OperationContext, 'archive' | 'files' | 'retentionMs' | 'nowMs'>

/**
 * Removes what is past its retention: messages, a batch in each turn of the event loop, then files. Then what waits to
 * be tidied. How many messages.
 */
export async function prune(context: PruneContext): Promise<number> {
  const retentionMs = context.retentionMs()
  const removed = retentionMs === 0 ? 0 : await pruneBefore(context, context.nowMs() - retentionMs)
  while (await context.archive.tidy()) await nextTurn()
  return removed
}

async function pruneBefore({ archive, files }: PruneContext, beforeMs: number): Promise<number> {
  let total = 0
  for (;;) {
    const removed = await archive.prune(beforeMs, PRUNE_BATCH)
    total += removed
    if (removed < PRUNE_BATCH) break
    await nextTurn()
  }
  for (const store of files) store.prune(beforeMs)
  return total
}
