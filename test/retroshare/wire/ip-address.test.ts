// IP addresses as text. Source: RFC 4291 §2.2, RFC 5952 §4 and §1.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from '../../../src/retroshare/wire/ip-address.ts'

const canonical = (host: string): string | undefined => {
  const bytes = ipv6Bytes(host)
  return bytes && ipv6Text(bytes)
}

test.each([
  ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['::', '::'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['::ffff:127.0.0.1', '::ffff:7f00:1'],
  ['1:2:3:4:5:6:7.8.9.10', '1:2:3:4:5:6:708:90a'],
  ['1::', '1::'],
])('%s is %s', (host, text) => expect(canonical(host)).toBe(text))

test.each([
  '',
  ':',
  ':::',
  '1',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '12345::',
  'g::',
  '1:2:3:4:5:6:7::8',
  '1.2.3.4',
  '1.2.3.4::',
  '::1.2.3',
  'fe80::1%lo',
  ':1:2:3:4:5:6:7',
])('%j is no IPv6 address', (host) => expect(ipv6Bytes(host)).toBeUndefined())

test.each(['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.x', ' 1.2.3.4', '1..2.3'])(
  '%j is no IPv4 address',
  (host) => expect(ipv4Bytes(host)).toBeUndefined(),
)

test('text and bytes of both families convert back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      expect(ipv6Bytes(ipv6Text(bytes))).toEqual(bytes)
      expect(ipv4Bytes(ipv4Text(bytes.subarray(0, 4)))).toEqual(bytes.slice(0, 4))
    }),
  )
  fc.assert(fc.property(fc.ipV6(), (host) => canonical(host) !== undefined))
})
