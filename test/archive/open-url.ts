// Opens the store that an SQLite path or a URL of PostgreSQL names.
import { openStoreAt } from '../../src/archive/open-store.ts'
import { parsePostgresUrl } from '../../src/archive/postgres-url.ts'
import type { Store } from '../../src/archive/store.ts'

export async function openUrl(
  text: string,
  onProblem: (problem: string | undefined) => void = () => undefined,
): Promise<Store> {
  if (!text.startsWith('postgres:')) return openStoreAt({ kind: 'sqlite', file: text }, onProblem)
  const postgres = parsePostgresUrl(text)
  if ('problem' in postgres) throw new Error(postgres.problem)
  return openStoreAt({ kind: 'postgres', postgres }, onProblem)
}
