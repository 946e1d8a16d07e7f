// Logins of accounts that are guessed at wait before the password is looked at, whether it is right or wrong.
import { beforeEach, expect, test } from 'vitest'
import { LoginThrottle } from '../../src/xmpp/login-throttle.ts'
import { type SaslEnv, startExchange } from '../../src/xmpp/sasl.ts'
import { WorkLimit } from '../../src/xmpp/work-limit.ts'
import { MemoryAccounts } from '../support/memory-accounts.ts'

const CHANNEL = { address: '192.0.2.1', bindings: undefined }

let env: SaslEnv
let waits: number[]
beforeEach(async () => {
  waits = []
  env = {
    domain: 'localhost',
    policy: 'accounts',
    accounts: await MemoryAccounts.with({ alice: 'wonder' }),
    throttle: new LoginThrottle(() => 0),
    wait: async (ms) => void waits.push(ms),
    passwordChecks: new WorkLimit(1, 1),
    decoySecret: new Uint8Array(32),
  }
  for (let i = 0; i < 6; i++) env.throttle.failed(`198.51.100.${i}`, 'alice')
})

test.each([
  ['wonder', 'success'],
  ['wrong', 'failure'],
])('with PLAIN and the password %s', async (password, kind) => {
  const step = await startExchange('PLAIN', env, CHANNEL)?.respond(Buffer.from(`\0alice\0${password}`))
  expect(step?.kind).toBe(kind)
  expect(waits).toEqual([500])
})

test('with SCRAM, before the proof is checked', async () => {
  const exchange = startExchange('SCRAM-SHA-1', env, CHANNEL)
  expect((await exchange?.respond(Buffer.from('n,,n=alice,r=abc')))?.kind).toBe('challenge')
  expect(waits).toEqual([])
  expect((await exchange?.respond(Buffer.from('c=biws,r=x,p=YQ==')))?.kind).toBe('failure')
  expect(waits).toEqual([500])
})

test('others do not wait', async () => {
  await startExchange('PLAIN', env, CHANNEL)?.respond(Buffer.from('\0bob\0x'))
  expect(waits).toEqual([])
})
