// TLS on the server's side: STARTTLS, direct TLS, what may not be mixed, certificates. RFC 6120 §5, XEP-0368.
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Element } from '../../../src/stanza/xml.ts'
import { loadTls } from '../../../src/xmpp/tls/server-tls.ts'
import { TestCertificates } from '../../support/certificates.ts'
import { HEADER, RawTcp } from '../../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../../support/xmpp-server.ts'

const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
const ANONYMOUS = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"

let certificates: TestCertificates
let running: TestServer
let logged: string
const options = (): ConnectionOptions => ({ ca: certificates.root.certPem })
const start = async (isTlsRequired = false): Promise<void> => {
  logged = ''
  const log = pino(
    { level: 'warn' },
    {
      write: (line: string) => {
        logged += line
      },
    },
  )
  running = await startXmppServer({ tls: certificates.files, isTlsRequired, log })
}
beforeEach(async () => {
  certificates = new TestCertificates()
  await start()
})
afterEach(async () => {
  await running.close()
  certificates.dispose()
})

const names = (features: Element): string[] => features.getChildElements().map(({ name }) => name)

/** A client on which TLS has begun by STARTTLS, before its new stream. */
async function secured(tlsOptions = options()): Promise<RawTcp> {
  const client = await RawTcp.connect(running.port)
  await client.open()
  expect((await client.ask(STARTTLS)).name).toBe('proceed')
  await client.secure(tlsOptions)
  return client
}

test('STARTTLS is offered, and after it a new stream begins, which does not offer it again', async () => {
  const client = await RawTcp.connect(running.port)
  expect(names(await client.open())).toEqual(['starttls', 'mechanisms'])
  expect((await client.ask(STARTTLS)).is('proceed', 'urn:ietf:params:xml:ns:xmpp-tls')).toBe(true)
  const socket = await client.secure(options())
  expect(socket.authorized).toBe(true)
  expect(socket.getProtocol()).toBe('TLSv1.3')
  expect(names(await client.open())).toEqual(['mechanisms', 'sasl-channel-binding'])
  expect(await client.authenticate('alice', 'wonder')).toBe('alice@localhost/r')
  expect(await client.settled()).toEqual([])
})

test('on loopback it is not demanded', async () => {
  expect(await (await RawTcp.connect(running.port)).login('alice', 'wonder')).toBe('alice@localhost/r')
})

test('where it is demanded, nothing else is offered and nobody logs in without', async () => {
  await running.close()
  await start(true)
  const client = await RawTcp.connect(running.port)
  const features = await client.open()
  expect(names(features)).toEqual(['starttls'])
  expect(features.getChild('starttls')?.getChild('required')).toBeDefined()
  expect((await client.ask(ANONYMOUS)).getChild('encryption-required')).toBeDefined()
  expect((await client.ask(STARTTLS)).name).toBe('proceed')
  await client.secure(options())
  await client.open()
  expect(await client.authenticate()).toContain('@localhost/r')
})

test('direct TLS needs no STARTTLS, and names its protocol', async () => {
  const client = await RawTcp.connectTls(running.directTlsPort, {
    ...options(),
    ALPNProtocols: ['xmpp-client'],
  })
  expect((client.socket as TLSSocket).alpnProtocol).toBe('xmpp-client')
  expect(names(await client.open())).toEqual(['mechanisms', 'sasl-channel-binding'])
  expect(await client.authenticate('bob', 'builder')).toBe('bob@localhost/r')
  const again = await RawTcp.connectTls(running.directTlsPort, options())
  expect(await again.login('bob', 'builder')).toBe('bob@localhost/r')
})

test('white space before the hello of TLS is skipped, wherever it comes', async () => {
  const client = await RawTcp.connect(running.port)
  await client.open()
  expect((await client.ask(`${STARTTLS} \n`)).name).toBe('proceed')
  client.send('\r\n\t')
  await client.secure(options())
  expect(await client.login('alice', 'wonder')).toBe('alice@localhost/r')
})

describe('what comes in clear around the beginning of TLS does not count in it', () => {
  test('an element behind the request ends the stream', async () => {
    const client = await RawTcp.connect(running.port)
    await client.open()
    client.send(STARTTLS + ANONYMOUS)
    expect(await client.rest()).toContain('<policy-violation ')
  })
  test('the beginning of an element behind the request is forgotten', async () => {
    const client = await RawTcp.connect(running.port)
    await client.open()
    expect((await client.ask(STARTTLS + ANONYMOUS.replace('/>', '>'))).name).toBe('proceed')
    await client.secure(options())
    expect(names(await client.open())).toContain('mechanisms')
  })
  test('text after the permission ends the connection', async () => {
    const client = await RawTcp.connect(running.port)
    await client.open()
    expect((await client.ask(STARTTLS)).name).toBe('proceed')
    client.send(HEADER)
    expect(await client.rest()).toBe('')
  })
  test('a login that began before has to begin anew', async () => {
    const client = await RawTcp.connect(running.port)
    await client.open()
    const first = Buffer.from('n,,n=alice,r=abc').toString('base64')
    const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>${first}</auth>`
    expect((await client.ask(auth)).name).toBe('challenge')
    expect((await client.ask(STARTTLS)).name).toBe('proceed')
    await client.secure(options())
    await client.open()
    const failure = await client.ask("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>YQ==</response>")
    expect(failure.getChild('malformed-request')).toBeDefined()
  })
})

test('TLS begins once', async () => {
  const client = await secured()
  await client.open()
  client.send(STARTTLS)
  expect(await client.rest()).toMatch(/^<failure .*<unsupported-feature /)
})

test('nothing older than TLS 1.2 is spoken', async () => {
  const old = {
    ...options(),
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const
  await expect(RawTcp.connectTls(running.directTlsPort, old)).rejects.toThrow()
  const newer = { ...options(), maxVersion: 'TLSv1.2' } as const
  expect(await (await RawTcp.connectTls(running.directTlsPort, newer)).login()).toContain('@localhost/r')
})

test('what is no TLS is closed, and so is who says nothing after asking for it', async () => {
  const plain = await RawTcp.connect(running.directTlsPort)
  plain.send(HEADER)
  expect(await plain.rest()).toBe('')
  await running.close()
  running = await startXmppServer({ tls: certificates.files, limits: { loginTimeoutMs: 50 } })
  const silent = await RawTcp.connect(running.port)
  await silent.open()
  expect((await silent.ask(STARTTLS)).name).toBe('proceed')
  expect(await silent.rest()).toBe('')
})

test('a large stanza and many small ones arrive whole, in both directions', async () => {
  const client = await secured()
  await client.login('alice', 'wonder')
  const body = 'ü'.repeat(100_000)
  const arrived = running.reported((report) => report.includes(body))
  client.send(`<message to='r@lobbies.localhost'><body>${body}</body></message>`)
  await arrived
  client.send(`<message to='alice@localhost/r' id='back'><body>${body}</body></message>`)
  expect((await client.element()).getChildText('body')).toBe(body)
})

test('the server ends with the end of the stream and of TLS', async () => {
  const client = await secured()
  await client.login('alice', 'wonder')
  const end = new Promise<void>((resolve) => client.socket.once('end', resolve))
  void running.server.stop()
  expect(await client.rest()).toContain('<system-shutdown ')
  await end
})

describe('the certificate', () => {
  test('is read again without a restart; what is connected stays', async () => {
    const before = await secured()
    await before.login('alice', 'wonder')
    const renewed = certificates.renew()
    running.server.reloadTls(certificates.files)
    const after = await secured()
    expect((after.socket as TLSSocket).getPeerX509Certificate()?.checkPrivateKey(renewed.key)).toBe(true)
    expect(await before.settled()).toEqual([])
  })

  test('stays when the new one cannot be used, and the log says why', async () => {
    writeFileSync(certificates.files.key, 'nonsense')
    running.server.reloadTls(certificates.files)
    expect(logged).toContain('XMPP_TLS_UNUSABLE')
    expect(logged).toContain('xmpp.server.tls.key: ')
    expect(await (await secured()).login('alice', 'wonder')).toBe('alice@localhost/r')
  })

  const load = () => loadTls(certificates.files, 'localhost', Date.now())
  test.each([
    ['cert', /ENOENT/, () => rmSync(certificates.files.cert)],
    ['key', /ENOENT/, () => rmSync(certificates.files.key)],
    ['cert', /has no certificate in PEM/, () => writeFileSync(certificates.files.cert, 'x')],
    ['key', /has no private key in PEM/, () => writeFileSync(certificates.files.key, 'x')],
    [
      'key',
      /is not the key of the certificate/,
      () => writeFileSync(certificates.files.key, new TestCertificates().renew().keyPem),
    ],
  ])(
    'that cannot be used is refused with the key xmpp.server.tls.%s and the cause %s',
    (name, cause, spoil) => {
      spoil()
      expect(load).toThrow(expect.objectContaining({ code: 'XMPP_TLS_UNUSABLE' }))
      expect(load).toThrow(new RegExp(`^xmpp\\.server\\.tls\\.${name}: .*${cause.source}`))
    },
  )

  test('that is good gives no warning; what clients would refuse and others could read does', () => {
    expect(load().warnings).toEqual([])
    certificates.renew('elsewhere.example', Date.now() - 86_400_000)
    chmodSync(certificates.files.key, 0o644)
    expect(load().warnings).toEqual([
      expect.stringContaining('the certificate is not for localhost'),
      expect.stringContaining('has expired'),
      expect.stringContaining(`every user of this machine can use ${join(certificates.dir, 'key.pem')}`),
    ])
    certificates.renew('localhost', Date.now() + 86_400_000)
    expect(load().warnings).toContainEqual(expect.stringContaining('expires soon'))
  })
})
