// The small tables in SQLite.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openStore } from '../../src/archive/open-store.ts'
import { tablesContract } from './tables-contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'foyer-tables-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
tablesContract('SQLite', async () => {
  const file = join(folder, `${files++}.db`)
  return { store: openStore(file), reopen: async () => openStore(file) }
})
