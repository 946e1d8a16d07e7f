// The identity of a node: made once, kept whole, and good for TLS in both versions and both roles.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type SecureVersion, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type PeerCertificate,
  readCertificate,
  verifyCertificate,
} from '../../../src/retroshare/identity/certificate.ts'
import {
  loadOrCreateNodeIdentity,
  NODE_IDENTITY_FILE,
  type NodeIdentity,
} from '../../../src/retroshare/identity/node-identity.ts'
import { readProfileKey } from '../../../src/retroshare/identity/profile.ts'

const quick = { profileBits: 1024 }
let folder: string
let alice: NodeIdentity
let bob: NodeIdentity

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foyer-identity-'))
  alice = await loadOrCreateNodeIdentity(join(folder, 'data', 'alice'), 'Alice', quick)
  await mkdir(join(folder, 'bob'), { mode: 0o755 })
  bob = await loadOrCreateNodeIdentity(join(folder, 'bob'), 'Bob', quick)
})
afterAll(() => rm(folder, { recursive: true }))

const withoutFunctions = (identity: NodeIdentity): unknown => ({
  ...identity,
  profile: { ...identity.profile, sign: null },
})

describe('a node identity', () => {
  test('is consistent: the profile signed the certificate of the location', async () => {
    const certificate = readCertificate(alice.certificateDer)
    const key = await readProfileKey(alice.profile.publicKey)
    if (!certificate.ok || !key.ok) throw new Error('unreadable')
    expect(await verifyCertificate(certificate.value, key.value)).toBe(true)
    expect(certificate.value.sslId).toBe(alice.sslId)
    expect(alice).toMatchObject({ location: 'Alice', profile: { name: 'Alice' } })
    expect(alice.sslId).not.toBe(bob.sslId)
  })

  test('is the same after a restart, whatever name is asked for', async () => {
    const again = await loadOrCreateNodeIdentity(join(folder, 'data', 'alice'), 'Other', quick)
    expect(withoutFunctions(again)).toEqual(withoutFunctions(alice))
  })

  test('is readable by its owner alone, and leaves no other file', async () => {
    const path = join(folder, 'bob')
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    expect((await stat(join(path, NODE_IDENTITY_FILE))).mode & 0o777).toBe(0o600)
    expect(await readdir(path)).toEqual([NODE_IDENTITY_FILE])
  })
})

describe('a file that is not whole or not consistent is named, and kept', () => {
  const spoiled = async (change: (path: string, text: string) => Promise<void>): Promise<void> => {
    const dir = await mkdtemp(join(folder, 'spoiled-'))
    const path = join(dir, NODE_IDENTITY_FILE)
    const text = await readFile(join(folder, 'bob', NODE_IDENTITY_FILE), 'utf8')
    await writeFile(path, text)
    await change(path, text)
    const before = await readFile(path, 'utf8')
    await expect(loadOrCreateNodeIdentity(dir, 'Bob', quick)).rejects.toMatchObject({
      code: 'IDENTITY_UNREADABLE',
      message: expect.stringContaining(path),
    })
    expect(await readFile(path, 'utf8')).toBe(before)
  }
  const swapped = (field: string) => (path: string, text: string) => {
    const other = {
      tlsKey: alice.tlsKeyPem,
      tlsCert: alice.tlsCertPem,
      profile: alice.profile.privateKeyArmored,
    }
    return writeFile(path, JSON.stringify({ ...JSON.parse(text), [field]: Reflect.get(other, field) }))
  }

  test('when it is half-written', () => spoiled((path, text) => truncate(path, text.length >> 1)))
  test('when it is empty', () => spoiled((path) => truncate(path)))
  test('when a key is missing', () => spoiled((path) => writeFile(path, '{"location":"x"}')))
  test('when the TLS key is another', () => spoiled(swapped('tlsKey')))
  test('when the profile is another', () => spoiled(swapped('profile')))
  test('when the certificate is another', () => spoiled(swapped('tlsCert')))
})

test('a folder that cannot be made is an error with its path', async () => {
  const path = join(folder, 'bob', NODE_IDENTITY_FILE, 'below-a-file')
  await expect(loadOrCreateNodeIdentity(path, 'x', quick)).rejects.toMatchObject({
    code: 'IDENTITY_UNREADABLE',
    message: expect.stringContaining(path),
  })
})

describe('two nodes shake hands and know each other by their certificates', () => {
  const peerOf = (socket: TLSSocket): PeerCertificate => {
    const result = readCertificate(socket.getPeerCertificate().raw)
    if (!result.ok) throw new Error(result.error.code)
    return result.value
  }

  const handshake = async (version: SecureVersion, ciphers?: string): Promise<string> => {
    const server = createServer({
      key: alice.tlsKeyPem,
      cert: alice.tlsCertPem,
      requestCert: true,
      rejectUnauthorized: false,
      dhparam: 'auto',
      ...(ciphers ? { ciphers } : {}),
    })
    const accepted = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      key: bob.tlsKeyPem,
      cert: bob.tlsCertPem,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      minVersion: version,
      maxVersion: version,
    })
    await new Promise((resolve, reject) => client.once('secureConnect', resolve).once('error', reject))
    const incoming = await accepted
    try {
      expect(peerOf(client)).toMatchObject({ sslId: alice.sslId, issuerPgpId: alice.profile.pgpId })
      expect(peerOf(incoming)).toMatchObject({ sslId: bob.sslId, issuerPgpId: bob.profile.pgpId })
      return `${client.getProtocol()} ${client.getCipher().name}`
    } finally {
      client.destroy()
      incoming.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  test('over TLS 1.3', async () => {
    expect(await handshake('TLSv1.3')).toMatch(/^TLSv1\.3 /)
  })
  test('over TLS 1.2', async () => {
    expect(await handshake('TLSv1.2')).toMatch(/^TLSv1\.2 /)
  })
  test('over TLS 1.2 with the only ciphers that RetroShare has there', async () => {
    expect(await handshake('TLSv1.2', 'kEDH+HIGH:!DSS:!aNULL:!3DES:!EXP')).toMatch(/^TLSv1\.2 DHE-RSA/)
  })
})
