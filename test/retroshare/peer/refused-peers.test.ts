// Who is let in and who is not, over real TLS: docs/retroshare.md §1.6.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { issueCertificate, readCertificate } from '../../../src/retroshare/identity/certificate.ts'
import { DER, der } from '../../../src/retroshare/identity/der.ts'
import type { NodeIdentity } from '../../../src/retroshare/identity/node-identity.ts'
import { MAX_LOCATIONS_PER_PROFILE } from '../../../src/retroshare/peer/friend-book.ts'
import { MAX_HANDSHAKES } from '../../../src/retroshare/peer/listener.ts'
import { SLICE_PROBE } from '../../../src/retroshare/wire/framer.ts'
import {
  isUp,
  longInvite,
  makeIdentity,
  shortInvite,
  startNode,
  stopNodes,
  type TestNode,
} from './support/nodes.ts'
import { type Credentials, rawDial, rawListen } from './support/raw-peer.ts'

let alice: NodeIdentity
let bob: NodeIdentity
let mallory: NodeIdentity

beforeAll(async () => {
  ;[alice, bob, mallory] = (await Promise.all(['Alice', 'Bob', 'Mallory'].map(makeIdentity))) as [
    NodeIdentity,
    NodeIdentity,
    NodeIdentity,
  ]
})
afterEach(stopNodes)

/** A new TLS key (EC, quick to make), and the DER of its public part. */
function tlsKey(): { tlsKeyPem: string; spki: Uint8Array } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    tlsKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  }
}

const pem = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE-----\n`

/** A further location of the profile, or what claims to be one. */
async function location(
  identity: NodeIdentity,
  change: Partial<NodeIdentity['profile']> = {},
): Promise<Credentials & { der: Uint8Array }> {
  const { tlsKeyPem, spki } = tlsKey()
  const certificate = await issueCertificate({ ...identity.profile, ...change }, spki)
  return { tlsKeyPem, tlsCertPem: pem(certificate), der: certificate }
}

/** The signature of `of`, and so its location id, over another key. */
async function stolen(of: NodeIdentity): Promise<Credentials> {
  const { tlsKeyPem, der: own } = await location(of)
  const read = readCertificate(own)
  const theirs = readCertificate(of.certificateDer)
  if (!read.ok || !theirs.ok) throw new Error('unreadable')
  const algorithm = der(
    DER.sequence,
    der(DER.oid, Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b)),
    der(DER.null),
  )
  const certificate = der(
    DER.sequence,
    read.value.tbs,
    algorithm,
    der(DER.bitString, Uint8Array.of(0), theirs.value.signature),
  )
  return { tlsKeyPem, tlsCertPem: pem(certificate) }
}

/** Alice's node, with Bob as friend. */
async function aliceKnowing(...invites: Parameters<TestNode['friends']['add']>[0][]): Promise<TestNode> {
  const node = await startNode(alice)
  for (const invite of invites) await node.friends.add(invite)
  return node
}

async function expectRefused(
  node: TestNode,
  credentials: Credentials | undefined,
  code: string,
): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const link = await rawDial(node.address, credentials)
    link.socket.write(SLICE_PROBE)
    await link.closed
    expect(link.received()).toHaveLength(0)
    expect(node.friends.counters.refused.get(code)).toBe(attempt)
  }
  expect(node.logged.filter((line) => line.msg === 'peer refused' && line.code === code)).toHaveLength(1)
  expect([node.ups, node.items]).toEqual([[], []])
}

test('a peer without certificate is refused', async () => {
  await expectRefused(await aliceKnowing(longInvite(bob)), undefined, 'PEER_NO_CERTIFICATE')
})

test('an unknown profile is refused', async () => {
  await expectRefused(await aliceKnowing(longInvite(bob)), mallory, 'PEER_UNKNOWN_PROFILE')
})

test('our own certificate is refused', async () => {
  await expectRefused(await aliceKnowing(longInvite(bob)), alice, 'PEER_IS_SELF')
})

test('a new location that names a friend as issuer but is signed by another key is refused', async () => {
  const forged = await location(mallory, { pgpId: bob.profile.pgpId })
  await expectRefused(await aliceKnowing(longInvite(bob)), forged, 'PEER_BAD_SIGNATURE')
})

test('a certificate with the signature of a friend over another TLS key is refused', async () => {
  await expectRefused(await aliceKnowing(longInvite(bob)), await stolen(bob), 'PEER_BAD_SIGNATURE')
})

test('a certificate with a damaged signature is refused', async () => {
  const { tlsKeyPem, der: certificate } = await location(bob)
  const damaged = Uint8Array.from(certificate)
  damaged[damaged.length - 5] = (damaged.at(-5) ?? 0) ^ 1
  const node = await aliceKnowing(longInvite(bob))
  await expectRefused(node, { tlsKeyPem, tlsCertPem: pem(damaged) }, 'PEER_BAD_SIGNATURE')
})

test('a certificate that is not one of RetroShare is refused', async () => {
  const { tlsKeyPem, spki } = tlsKey()
  const name = der(
    DER.sequence,
    der(
      DER.set,
      der(
        DER.sequence,
        der(DER.oid, Uint8Array.of(0x55, 4, 3)),
        der(DER.utf8String, Buffer.from('www.example.org')),
      ),
    ),
  )
  const algorithm = der(
    DER.sequence,
    der(DER.oid, Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b)),
    der(DER.null),
  )
  const time = (text: string): Uint8Array => der(DER.generalizedTime, Buffer.from(text))
  const validity = der(DER.sequence, time('20100101000000Z'), time('21100101000000Z'))
  const tbs = der(DER.sequence, der(DER.integer, Uint8Array.of(1)), algorithm, name, validity, name, spki)
  const certificate = der(DER.sequence, tbs, algorithm, der(DER.bitString, new Uint8Array(300)))
  const node = await aliceKnowing(longInvite(bob))
  await expectRefused(node, { tlsKeyPem, tlsCertPem: pem(certificate) }, 'PEER_BAD_CERTIFICATE')
})

test('a new location of a profile of which only a short invite is known is refused', async () => {
  await expectRefused(await aliceKnowing(shortInvite(bob)), await location(bob), 'PEER_KEY_UNKNOWN')
})

test('the location of a short invite is refused when another profile issued it', async () => {
  const node = await aliceKnowing({
    ...shortInvite(bob),
    pgpFingerprint: mallory.profile.fingerprint,
  } as ReturnType<typeof shortInvite>)
  await expectRefused(node, bob, 'PEER_WRONG_ISSUER')
})

test('while only the short invite is known the issuer is enough, but the key uncovers an impostor and not the friend', async () => {
  const node = await aliceKnowing(shortInvite(bob))
  const impostor = await rawDial(node.address, await stolen(bob))
  impostor.socket.write(SLICE_PROBE)
  await node.until(() => isUp(node, bob))
  expect(await node.friends.learnKey(bob.sslId, bob.profile.publicKey)).toBe(true)
  await impostor.closed
  expect(node.downs).toMatchObject([{ reason: { code: 'PEER_BAD_SIGNATURE' } }])
  const friend = await rawDial(node.address, bob)
  friend.socket.write(SLICE_PROBE)
  await node.until(() => isUp(node, bob))
})

test('a new location of an accepted profile becomes a friend at once, and is kept', async () => {
  const node = await aliceKnowing(longInvite(bob))
  const laptop = await location(bob)
  const link = await rawDial(node.address, laptop)
  link.socket.write(SLICE_PROBE)
  const read = readCertificate(laptop.der)
  const id = read.ok ? read.value.sslId : bob.sslId
  await node.until(() => node.ups.length === 1)
  expect(node.ups).toMatchObject([{ friend: id }])
  expect(node.changes).toContain(id)
  expect(node.friends.get(id)).toMatchObject({ name: 'Bob', pgpId: bob.profile.pgpId, addresses: [] })
  await node.until(() => node.store.saved.length === 2)
})

test('one profile may have a bounded number of locations', async () => {
  const node = await aliceKnowing(longInvite(bob))
  for (let i = 1; i < MAX_LOCATIONS_PER_PROFILE; i++) {
    const link = await rawDial(node.address, await location(bob))
    await link.bytes(SLICE_PROBE.length)
  }
  expect(node.friends.list()).toHaveLength(MAX_LOCATIONS_PER_PROFILE)
  const link = await rawDial(node.address, await location(bob))
  await link.closed
  expect(node.friends.counters.refused.get('PEER_TOO_MANY_LOCATIONS')).toBe(1)
  expect(node.friends.list()).toHaveLength(MAX_LOCATIONS_PER_PROFILE)
})

test('a dial demands the very location that was invited', async () => {
  const laptop = await location(bob)
  const listener = await rawListen(laptop)
  const node = await aliceKnowing(longInvite(bob, [listener.address]))
  await node.until(() => node.friends.counters.refused.get('PEER_WRONG_LOCATION') === 1)
  expect(node.friends.counters.bytesOut).toBe(0)
  expect(node.friends.list()).toHaveLength(1)
  listener.close()
})

test('a friend that closes before it spoke was never up, and that is logged once', async () => {
  const listener = await rawListen(bob)
  const node = await aliceKnowing(longInvite(bob, [listener.address]))
  for (let i = 0; i < 3; i++) (await listener.accept()).socket.destroy()
  await node.until(() => node.friends.counters.dials > 3)
  expect(node.ups).toEqual([])
  expect(node.logged.filter(({ msg }) => msg.includes('before the friend spoke'))).toHaveLength(1)
  listener.close()
})

test('TLS 1.2 peers are served in both roles', async () => {
  const listener = await rawListen(bob, 'TLSv1.2')
  const node = await aliceKnowing(longInvite(bob, [listener.address]))
  const dialled = await listener.accept()
  dialled.socket.write(SLICE_PROBE)
  await node.until(() => isUp(node, bob))
  expect(dialled.socket.getProtocol()).toBe('TLSv1.2')
  expect(dialled.socket.getCipher().name).toMatch(/^DHE-RSA-/)
  expect((dialled.socket as unknown as { servername: unknown }).servername).toBeFalsy()
  expect(dialled.socket.alpnProtocol).toBe(false)
  listener.close()
  await node.until(() => node.downs.length === 1)
  const accepted = await rawDial(node.address, bob, 'TLSv1.2')
  accepted.socket.write(SLICE_PROBE)
  await node.until(() => node.ups.length === 2)
  expect(accepted.socket.getCipher().name).toMatch(/^DHE-RSA-/)
  expect(node.ups[1]).toMatchObject({ link: { role: 'accepted', protocol: 'TLSv1.2' } })
})

/** TCP without a handshake. */
const silentConnection = (node: TestNode): Socket =>
  connect(node.address.port)
    .on('error', () => {})
    .resume()

test('a stalled handshake is dropped', async () => {
  const node = await startNode(alice, { timings: { handshakeMs: 50 } })
  await once(silentConnection(node), 'close')
  expect(node.friends.counters).toMatchObject({ connections: 1, handshakeFailures: 1 })
})

test('of too many connections in their handshake the oldest goes, and a friend still gets in', async () => {
  const node = await aliceKnowing(longInvite(bob))
  const sockets: Socket[] = []
  for (let i = 0; i < MAX_HANDSHAKES; i++) {
    const socket = silentConnection(node)
    await once(socket, 'connect')
    sockets.push(socket)
  }
  const oldestGone = once(sockets[0] as Socket, 'close')
  const link = await rawDial(node.address, bob)
  link.socket.write(SLICE_PROBE)
  await Promise.all([oldestGone, node.until(() => isUp(node, bob))])
  expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeGreaterThan(MAX_HANDSHAKES - 4)
  for (const socket of sockets) socket.destroy()
})
