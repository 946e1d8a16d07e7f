// How a connection to PostgreSQL is protected: what sslmode says, and what the server finds.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PostgresConnection } from '../../src/archive/postgres.ts'
import { nameOf, type PostgresLocation, parsePostgresUrl } from '../../src/archive/postgres-url.ts'
import { describeWith } from '../support/peers.ts'
import { PostgresServer } from '../support/postgres.ts'

const parsed = (url: string): PostgresLocation => {
  const location = parsePostgresUrl(url)
  if ('problem' in location) throw new Error(location.problem)
  return location
}

/** Whether the connection is encrypted, as the server sees it. */
async function isEncrypted(url: string): Promise<boolean | undefined> {
  const connection = await PostgresConnection.open(parsed(url), () => undefined)
  const row = await connection.get<{ ssl: boolean }>(
    'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
  )
  await connection.close()
  return row?.ssl
}

describeWith(['openssl', 'postgresql'], 'a connection to PostgreSQL', () => {
  let tls: PostgresServer
  let plain: PostgresServer
  let url: string
  beforeAll(async () => {
    ;[tls, plain] = await Promise.all([PostgresServer.start({ isTls: true }), PostgresServer.start()])
    url = (await tls.database('postgres')).replace('127.0.0.1', 'localhost')
  }, 60_000)
  afterAll(() => Promise.all([tls.dispose(), plain.dispose()]))

  test('is encrypted when the server can, unless that is turned off', async () => {
    expect(await isEncrypted(url)).toBe(true)
    expect(await isEncrypted(`${url}?sslmode=require`)).toBe(true)
    expect(await isEncrypted(`${url}?sslmode=disable`)).toBe(false)
    const other = await plain.database('postgres')
    expect(await isEncrypted(other)).toBe(false)
    await expect(isEncrypted(`${other}?sslmode=require`)).rejects.toThrow('does not support SSL')
  })

  test('with verify-full is only to a server with a certificate for its name, by an authority that is trusted', async () => {
    const authority = `sslrootcert=${tls.certificate}`
    expect(await isEncrypted(`${url}?sslmode=verify-full&${authority}`)).toBe(true)
    await expect(isEncrypted(`${url}?sslmode=verify-full`)).rejects.toThrow(/self-signed/)
    const byAddress = url.replace('localhost', '127.0.0.1')
    await expect(isEncrypted(`${byAddress}?sslmode=verify-full&${authority}`)).rejects.toThrow(/altnames/)
    expect(await isEncrypted(`${byAddress}?sslmode=verify-ca&${authority}`)).toBe(true)
    expect(await isEncrypted(`${byAddress}?sslmode=require&${authority}`)).toBe(true)
    await expect(isEncrypted(`${url}?sslmode=verify-full&sslrootcert=/nowhere`)).rejects.toThrow('ENOENT')
  })

  test('over a Unix socket is named by its folder', async () => {
    const socket = `postgres://foyer:${plain.password}@:${plain.port}/postgres?host=${plain.folder}`
    expect(await isEncrypted(socket)).toBe(false)
    expect(nameOf(parsed(socket))).toBe(`postgres://foyer@${plain.folder}/postgres`)
  })
})
