// The archive and the tables in PostgreSQL: the contracts of every store.
import { afterAll, beforeAll } from 'vitest'
import { describeWith } from '../support/peers.ts'
import { PostgresServer } from '../support/postgres.ts'
import { archiveContract } from './archive-contract.ts'
import { openUrl } from './open-url.ts'
import { tablesContract } from './tables-contract.ts'

describeWith(['postgresql'], 'PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start()
  }, 60_000)
  afterAll(() => server.dispose())

  // Emptying one is much quicker than making another.
  const emptied = async (): Promise<string> => {
    await server.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
    return server.database('postgres')
  }
  archiveContract('PostgreSQL', async () => openUrl(await emptied()))
  tablesContract('PostgreSQL', async () => {
    const url = await emptied()
    return { store: await openUrl(url), reopen: () => openUrl(url) }
  })
})
