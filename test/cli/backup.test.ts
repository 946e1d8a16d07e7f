// What `foyer backup` says of a start from the copy is so.
import { expect, test } from 'vitest'
import { hints } from '../../src/cli/backup.ts'

const report = { files: 1, bytes: 1, database: 'x.db', isDatabaseMoved: false }
const said = (of: Partial<typeof report> | { database: null }, opened?: string): string =>
  hints('/copy', { ...report, ...of }, opened).join('\n')

test('a copy whose database the configuration names starts as it is', () => {
  expect(said({}, '/copy/x.db')).toMatch(/^It is a data folder: `foyer start --data \/copy` starts from it/)
})

test('a database that the configuration does not name in the copy needs another archive.url', () => {
  const isTold = expect.stringMatching(
    /^The database is \/copy\/x\.db,[\s\S]*Set archive\.url to sqlite:x\.db first/,
  )
  expect(said({ isDatabaseMoved: true }, '/copy/x.db')).toEqual(isTold)
  expect(said({}, '/data/x.db')).toEqual(isTold)
  expect(said({})).toEqual(isTold)
})

test('a database that is not in the copy is told', () => {
  expect(said({ database: null })).toMatch(/^The database is not in it: .*pg_dump/)
})
