// Logins that are tied to their TLS connection: RFC 5802 §6, RFC 5929, RFC 9266, XEP-0440.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Element } from '../../../src/stanza/xml.ts'
import { endPointBinding } from '../../../src/xmpp/tls/channel-binding.ts'
import { endPointOf, type Issued, TestCertificates } from '../../support/certificates.ts'
import { RawTcp } from '../../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../../support/xmpp-server.ts'

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'

let certificates: TestCertificates
let running: TestServer
let issued: Issued
beforeAll(async () => {
  certificates = new TestCertificates()
  issued = certificates.renew()
  running = await startXmppServer({ tls: certificates.files })
})
afterAll(async () => {
  await running.close()
  certificates.dispose()
})

const connect = async (options: ConnectionOptions = {}): Promise<{ client: RawTcp; features: Element }> => {
  const client = await RawTcp.connectTls(running.directTlsPort, { ca: certificates.root.certPem, ...options })
  return { client, features: await client.open() }
}
const exporterOf = ({ socket }: RawTcp): Buffer =>
  (socket as TLSSocket).exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))

/** A SCRAM client: the name of what ends the exchange, with the server's signature checked. */
async function login(
  client: RawTcp,
  mechanism: string,
  gs2Header: string,
  data: Uint8Array = Buffer.alloc(0),
  password = 'wonder',
): Promise<string> {
  const hash = mechanism.includes('SHA-256') ? 'sha256' : 'sha1'
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest()
  const base64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64')
  const text = (element: Element): string => Buffer.from(element.getText(), 'base64').toString()
  const outcome = (element: Element): string => element.getChildElements()[0]?.name ?? element.name

  const bare = 'n=alice,r=clientnonce'
  const challenge = await client.ask(
    `<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64(gs2Header + bare)}</auth>`,
  )
  if (challenge.name !== 'challenge') return outcome(challenge)
  const [, nonce = '', salt = '', iterations] = /^r=(.*),s=(.*),i=(\d+)$/.exec(text(challenge)) ?? []
  const length = hash === 'sha256' ? 32 : 20
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), length, hash)
  const clientKey = hmac(salted, 'Client Key')
  const withoutProof = `c=${base64(Buffer.concat([Buffer.from(gs2Header), data]))},r=${nonce}`
  const message = `${bare},${text(challenge)},${withoutProof}`
  const signature = hmac(createHash(hash).update(clientKey).digest(), message)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)))
  const end = await client.ask(
    `<response xmlns='${SASL}'>${base64(`${withoutProof},p=${base64(proof)}`)}</response>`,
  )
  if (end.name === 'success') expect(text(end)).toBe(`v=${base64(hmac(hmac(salted, 'Server Key'), message))}`)
  return outcome(end)
}

const offered = (features: Element): { mechanisms: string[]; types: string[] } => ({
  mechanisms:
    features
      .getChild('mechanisms')
      ?.getChildElements()
      .map((child) => child.getText()) ?? [],
  types:
    features
      .getChild('sasl-channel-binding')
      ?.getChildElements()
      .map(({ attrs }) => attrs.type) ?? [],
})

test('what is offered depends on the version of TLS', async () => {
  const { features } = await connect()
  expect(offered(features)).toEqual({
    mechanisms: [
      'SCRAM-SHA-256-PLUS',
      'SCRAM-SHA-1-PLUS',
      'SCRAM-SHA-256',
      'SCRAM-SHA-1',
      'PLAIN',
      'ANONYMOUS',
    ],
    types: ['tls-exporter', 'tls-server-end-point'],
  })
  const older = await connect({ maxVersion: 'TLSv1.2' })
  expect(offered(older.features).types).toEqual(['tls-server-end-point', 'tls-unique'])
  const plain = await RawTcp.connect(running.port)
  expect(offered(await plain.open()).mechanisms).not.toContain('SCRAM-SHA-1-PLUS')
})

describe.each(['SCRAM-SHA-256', 'SCRAM-SHA-1'])('%s', (mechanism) => {
  const plus = `${mechanism}-PLUS`

  test('a login that is tied to the connection or to the certificate succeeds', async () => {
    const exporter = (await connect()).client
    expect(await login(exporter, plus, 'p=tls-exporter,,', exporterOf(exporter))).toBe('success')
    const endPoint = (await connect({ maxVersion: 'TLSv1.2' })).client
    expect(await login(endPoint, plus, 'p=tls-server-end-point,,', endPointOf(issued))).toBe('success')
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'the first message that ends the handshake is taken too: %s',
    async (maxVersion) => {
      const { client } = await connect({ maxVersion })
      const finished = (client.socket as TLSSocket).getFinished()
      expect(await login(client, plus, 'p=tls-unique,,', finished)).toBe('success')
    },
  )

  test('a login that is tied to another connection, or to nothing, is refused', async () => {
    const { client } = await connect()
    const other = (await connect()).client
    expect(await login(client, plus, 'p=tls-exporter,,', exporterOf(other))).toBe('not-authorized')
    expect(await login(client, plus, 'p=tls-exporter,,')).toBe('not-authorized')
  })

  test('a client that believes that the server has no binding was deceived', async () => {
    const { client } = await connect()
    expect(await login(client, mechanism, 'y,,')).toBe('not-authorized')
  })

  test('without TLS that belief is right', async () => {
    const client = await RawTcp.connect(running.port)
    await client.open()
    expect(await login(client, mechanism, 'y,,')).toBe('success')
  })

  test('a client that has no binding logs in without', async () => {
    expect(await login((await connect()).client, mechanism, 'n,,')).toBe('success')
  })

  test('a binding that is not offered is no wrong password, and header and mechanism must agree', async () => {
    const { client } = await connect()
    expect(await login(client, plus, 'p=tls-new,,')).toBe('invalid-mechanism')
    expect(await login(client, plus, 'n,,')).toBe('malformed-request')
    const { client: another } = await connect()
    expect(await login(another, mechanism, 'p=tls-exporter,,', exporterOf(another))).toBe('malformed-request')
  })

  test('the password still counts', async () => {
    const { client } = await connect()
    expect(await login(client, plus, 'p=tls-exporter,,', exporterOf(client), 'x')).toBe('not-authorized')
  })
})

test('a certificate whose signature has no hash of its own has no binding', () => {
  const der = Buffer.from(issued.certPem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  expect(endPointBinding(der)).toEqual(endPointOf(issued))
  const ed25519 = Buffer.from('300e 3003 020101 3005 0603 2b6570 0300'.replaceAll(' ', ''), 'hex')
  expect(endPointBinding(ed25519)).toBeUndefined()
})
