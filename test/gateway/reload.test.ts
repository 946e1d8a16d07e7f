// A configuration read again: what is in force at once and what waits for a restart is told by key.
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { compareConfigs } from '../../src/gateway/reload.ts'

test('changes are parted by whether they need a restart', () => {
  const old = loadConfig({ env: {} })
  const fresh = loadConfig({
    env: {
      FOYER_LOG__LEVEL: 'debug',
      FOYER_HTTP__LISTEN: '127.0.0.1:9999',
      FOYER_ARCHIVE__RETENTION: '7d',
    },
  })
  expect(compareConfigs(old, fresh)).toEqual({
    changed: ['archive.retentionMs', 'log.level'],
    needRestart: ['http.listen.port'],
  })
  expect(compareConfigs(old, old)).toEqual({ changed: [], needRestart: [] })
})

test('turning a network off waits for a restart', () => {
  const old = loadConfig({ env: {} })
  const fresh = loadConfig({ env: { FOYER_RETROSHARE: 'null' } })
  expect(compareConfigs(old, fresh).needRestart).toContain('retroshare')
})
