// What the tests need of Debian: the command that a newcomer is told is what the checks install.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('every package that a skipped test asks for is installed before all tests are run', () => {
  const asked = [...readFileSync('test/support/peers.ts', 'utf8').matchAll(/'apt-get install ([^']+)'/g)]
    .flatMap(([, packages = '']) => packages.split(' '))
    .sort()
  const [, list = ''] = /^PEERS=\(([^)]*)\)$/m.exec(readFileSync('.ci/run', 'utf8')) ?? []
  expect(asked.length).toBeGreaterThan(5)
  expect(list.split(' ')).toEqual([...new Set(asked)])
})
