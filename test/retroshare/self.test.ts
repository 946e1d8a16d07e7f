// Invites and contact of a node by where it listens and what it advertises.
import { expect, test } from 'vitest'
import type { NodeIdentity } from '../../src/retroshare/identity/node-identity.ts'
import { ownInvite, type Reach, selfContact } from '../../src/retroshare/self.ts'
import { parseInvite } from '../../src/retroshare/wire/invite.ts'

const identity = {
  profile: {
    name: 'Foyer',
    fingerprint: 'AB'.repeat(20),
    pgpId: 'AB'.repeat(8),
    publicKey: Uint8Array.of(1),
  },
  location: 'Foyer',
  sslId: 'cd'.repeat(16),
} as unknown as NodeIdentity
const listen = { host: '127.0.0.1', port: 7812 }
const addresses = (reach: Reach, form: 'short' | 'long'): string[] => {
  const invite = parseInvite(ownInvite(identity, reach, form))
  if (!invite.ok) throw new Error(invite.error.detail)
  return invite.value.addresses.map(({ host, port }) => `${host} ${port}`)
}

test.each(['short', 'long'] as const)(
  'a %s invite says where we listen unless another address is advertised',
  (form) => {
    expect(addresses({ listen, advertise: null }, form)).toEqual(['127.0.0.1 7812'])
    const advertise = { host: '192.0.2.7', port: 1 }
    expect(addresses({ listen, advertise }, form)).toEqual(['192.0.2.7 1', '127.0.0.1 7812'])
    expect(addresses({ listen: { ...listen, host: '0.0.0.0' }, advertise: null }, form)).toEqual([])
  },
)

test.each(['short', 'long'] as const)('a %s invite can advertise a name or an IPv6 address', (form) => {
  const reach = (host: string): Reach => ({ listen, advertise: { host, port: 99 } })
  expect(addresses(reach('node.example'), form)).toContain('node.example 99')
  expect(addresses(reach('2001:db8::1'), form)).toContain('2001:db8::1 99')
})

test('the contact tells friends the same', () => {
  const contact = (reach: Reach) => selfContact(identity, reach, 'v')
  expect(contact({ listen, advertise: null })).toMatchObject({
    local: { family: 4, host: '127.0.0.1', port: 7812 },
    external: { family: 4, host: '127.0.0.1', port: 7812 },
    dnsName: '',
  })
  const any = { host: '::', port: 1 }
  expect(contact({ listen: any, advertise: { host: 'node.example', port: 99 } })).toMatchObject({
    local: null,
    external: null,
    dnsName: 'node.example',
  })
  expect(contact({ listen: any, advertise: { host: '2001:db8::1', port: 9 } }).external).toMatchObject({
    family: 6,
  })
})
