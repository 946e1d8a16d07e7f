// A configuration read again: what is in force at once and what waits for a restart is told by key.
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { compareConfigs } from '../../src/gateway/reload.ts'

const started = loadConfig({ env: {} })

test('changes are told by the keys that were set, parted by whether they need a restart', () => {
  const fresh = loadConfig({
    env: {
      FOYER_LOG__LEVEL: 'debug',
      FOYER_HTTP__LISTEN: '127.0.0.1:9999',
      FOYER_ARCHIVE__RETENTION: '7d',
      FOYER_ARCHIVE__URL: 'sqlite:other.db',
      FOYER_XMPP__ADMINS: '[ann@example.org]',
    },
  })
  expect(compareConfigs(started, started, fresh)).toEqual({
    changed: ['archive.retention', 'xmpp.admins', 'log.level'],
    needRestart: ['archive.url', 'http.listen'],
  })
  expect(compareConfigs(started, started, started)).toEqual({ changed: [], needRestart: [] })
})

test('what waits for a restart is told each time, what is in force only once', () => {
  const env = { FOYER_LOG__LEVEL: 'debug', FOYER_HTTP__TOKEN: 'secret' }
  const fresh = loadConfig({ env })
  expect(compareConfigs(started, fresh, loadConfig({ env }))).toEqual({
    changed: [],
    needRestart: ['http.token'],
  })
})

test('turning a network off waits for a restart', () => {
  const fresh = loadConfig({ env: { FOYER_RETROSHARE: 'null' } })
  expect(compareConfigs(started, started, fresh).needRestart).toContain('retroshare')
})

test('another certificate is taken at once; the first one waits for a restart', () => {
  const withTls = (cert: string) =>
    loadConfig({ env: { FOYER_XMPP__SERVER__TLS__CERT: cert, FOYER_XMPP__SERVER__TLS__KEY: '/key' } })
  expect(compareConfigs(withTls('/a'), withTls('/a'), withTls('/b'))).toEqual({
    changed: ['xmpp.server.tls.cert'],
    needRestart: [],
  })
  expect(compareConfigs(started, started, withTls('/a'))).toEqual({
    changed: [],
    needRestart: ['xmpp.server.tls'],
  })
})

test('a map of values is told by its own key', () => {
  const fresh = loadConfig({
    env: { FOYER_RETROSHARE__STAYING: '{ 00000000000000aa: { ann@example.org: Ann } }' },
  })
  expect(compareConfigs(started, started, fresh)).toEqual({
    changed: ['retroshare.staying'],
    needRestart: [],
  })
})
