// Settings that change while the gateway runs.
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { LiveSettings } from '../../src/gateway/live-settings.ts'

test('who may make rooms is judged by the configuration that was read last', () => {
  const live = new LiveSettings(loadConfig({ env: {} }))
  const may = () => ['ann@a.example', 'bob@a.example'].filter((account) => live.mayMakeRooms(account))
  expect(may()).toEqual(['ann@a.example', 'bob@a.example'])
  const env = { FOYER_XMPP__ADMINS: '[ann@a.example]', FOYER_XMPP__ROOMCREATION: 'admins' }
  live.take(loadConfig({ env }))
  expect(may()).toEqual(['ann@a.example'])
  live.take(loadConfig({ env: { FOYER_XMPP__ROOMCREATION: 'admins' } }))
  expect(may()).toEqual([])
})
