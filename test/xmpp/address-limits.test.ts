// What one network address may take of the server, on a clock of the test.
import { describe, expect, test } from 'vitest'
import { AddressLimits } from '../../src/xmpp/address-limits.ts'
import { SERVER_LIMITS } from '../../src/xmpp/limits.ts'
import { isOwnMachine, networkOf } from '../../src/xmpp/network-address.ts'

const LIMITS = {
  ...SERVER_LIMITS,
  maxConnectionsPerAddress: 3,
  addressTokensPerSecond: 10,
  maxAddressTokens: 100,
  tokensPerConnection: 30,
}

function make(): { addresses: AddressLimits; pass: (ms: number) => void } {
  let nowMs = 0
  const addresses = new AddressLimits(LIMITS, () => nowMs)
  return {
    addresses,
    pass: (ms) => {
      nowMs += ms
      addresses.sweep(nowMs)
    },
  }
}

test('only so many connections come from one address, and each that goes makes room', () => {
  const { addresses, pass } = make()
  for (let i = 0; i < 3; i++) {
    expect(addresses.hasRoom('192.0.2.1')).toBe(true)
    addresses.entered('192.0.2.1')
  }
  expect(addresses.hasRoom('192.0.2.1')).toBe(false)
  expect(addresses.hasRoom('192.0.2.2')).toBe(true)
  addresses.left('192.0.2.1')
  pass(1000)
  expect(addresses.hasRoom('192.0.2.1')).toBe(true)
})

test('connections of one address share tokens; other addresses have their own', () => {
  const { addresses } = make()
  const first = addresses.entered('192.0.2.1')
  expect(addresses.entered('192.0.2.1')).toBe(first)
  expect(addresses.entered('192.0.2.2')).not.toBe(first)
})

test('coming and going too fast is refused for a while, and not forgotten by going', () => {
  const { addresses, pass } = make()
  for (let i = 0; i < 4; i++) {
    addresses.entered('192.0.2.1')
    addresses.left('192.0.2.1')
  }
  pass(0)
  expect(addresses.hasRoom('192.0.2.1')).toBe(false)
  pass(3000)
  expect(addresses.hasRoom('192.0.2.1')).toBe(true)
})

test('this machine is not limited: behind a proxy on it there may be many', () => {
  const { addresses } = make()
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
    for (let i = 0; i < 9; i++) expect(addresses.entered(address)).toBeUndefined()
  expect(addresses.hasRoom('127.0.0.1')).toBe(true)
})

describe('what counts as one address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('%s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
  test.each([
    ['::1', true],
    ['127.9.9.9', true],
    ['::ffff:127.0.0.1', true],
    ['::2', false],
    ['128.0.0.1', false],
    ['', false],
  ])('%s is this machine: %s', (address, isOwn) => {
    expect(isOwnMachine(address)).toBe(isOwn)
  })
})
