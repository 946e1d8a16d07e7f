// SCRAM and passwords: the examples of RFC 5802 and RFC 7677, and what must be refused.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decoyCredentials,
  makeCredentials,
  preparePassword,
  ScramExchange,
  verifyPassword,
} from '../../src/xmpp/scram.ts'

const base64 = (text: string): Buffer => Buffer.from(text, 'base64')

// RFC 5802 §5 and RFC 7677 §3.
const VECTORS = [
  {
    hash: 'sha1',
    salt: 'QSXCR+Q6sek8bf92',
    serverNonce: '3rfcNHYJY1ZVvWVs7j',
    first: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    challenge: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    final: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    success: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    hash: 'sha256',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    challenge: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    final:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    success: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
] as const

describe.each(VECTORS)('SCRAM with $hash', (vector) => {
  const credentials = makeCredentials('pencil', base64(vector.salt), 4096)
  const exchange = async (): Promise<ScramExchange> => {
    const scram = new ScramExchange(vector.hash, undefined, vector.serverNonce)
    expect(scram.first(vector.first)).toEqual({ ok: true, value: { username: 'user', authzid: '' } })
    const made = await credentials
    expect(made && scram.challenge(made)).toBe(vector.challenge)
    return scram
  }

  test('the exchange of the RFC goes through', async () => {
    expect((await exchange()).final(vector.final)).toEqual({ ok: true, value: vector.success })
  })

  test.each([
    ['another proof', (final: string) => final.replace(/p=./, 'p=A'), 'not-authorized'],
    ['a proof that is too short', (final: string) => final.replace(/p=.*/, 'p=AAAA'), 'not-authorized'],
    ['another nonce', (final: string) => final.replace(',r=', ',r=x'), 'not-authorized'],
    ['another binding', (final: string) => final.replace('c=biws', 'c=eSws'), 'not-authorized'],
    ['no proof', (final: string) => final.replace(/,p=.*/, ''), 'malformed-request'],
    ['nothing', () => '', 'malformed-request'],
  ])('%s is refused', async (_what, change, error) => {
    expect((await exchange()).final(change(vector.final))).toEqual({ ok: false, error })
  })
})

test('the binding repeats the header of the first message, authzid included', async () => {
  const scram = new ScramExchange('sha1', undefined, 'server')
  const credentials = await makeCredentials('pencil', Buffer.from('salt'), 1)
  if (!credentials) throw new Error('no credentials')
  expect(scram.first('y,a=a=2Cb,n=a=2Cb,r=client')).toEqual({
    ok: true,
    value: { username: 'a,b', authzid: 'a,b' },
  })
  const challenge = scram.challenge(credentials)
  const withoutProof = `c=${Buffer.from('y,a=a=2Cb,').toString('base64')},r=clientserver`
  const salted = pbkdf2Sync('pencil', 'salt', 1, 20, 'sha1')
  const clientKey = createHmac('sha1', salted).update('Client Key').digest()
  const signature = createHmac('sha1', createHash('sha1').update(clientKey).digest())
    .update(`n=a=2Cb,r=client,${challenge},${withoutProof}`)
    .digest()
  const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0))
  const final = `${withoutProof},p=${Buffer.from(proof).toString('base64')}`
  expect(scram.final(final).ok).toBe(true)
})

test.each([
  '',
  'n,,',
  'n,,n=user',
  'n,,r=x,n=user',
  'p=tls-unique,,n=user,r=x',
  'n,,m=ext,n=user,r=x',
  'n,,n=user,r=x,m=ext',
  'n,,n=us=er,r=x',
  'n,,n=,r=x',
  'n,b=x,n=user,r=x',
])('the first message %j is malformed', (message) => {
  expect(new ScramExchange('sha1').first(message)).toEqual({ ok: false, error: 'malformed-request' })
})

test('any first and final message is taken or refused, never an exception', () => {
  const text = fc.array(
    fc.oneof(fc.string(), fc.constantFrom('n,', 'y,', ',', 'n=', 'r=', 'p=', 'c=', 'a=', 'biws', '=')),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(text, text, (first, final) => {
      const scram = new ScramExchange('sha256', undefined, 'nonce')
      if (scram.first(first.join('')).ok) scram.challenge(decoyCredentials(Buffer.alloc(32), 'x'))
      expect(scram.final(final.join('')).ok).toBe(false)
    }),
  )
})

test('a password is checked against what was made of it', async () => {
  const credentials = await makeCredentials('p\u00adäss\u00a0word', undefined, 16)
  if (!credentials) throw new Error('no credentials')
  expect(await verifyPassword('pa\u0308ss word', credentials)).toBe(true)
  expect(await verifyPassword('pass word', credentials)).toBe(false)
  expect(await verifyPassword('', credentials)).toBe(false)
})

test.each(['', '\u00ad', 'a\u0000b', 'a\nb', '\ue000', 'x'.repeat(1024), '\ud800'])(
  'the password %j cannot be used',
  async (password) => {
    expect(preparePassword(password)).toBeUndefined()
    expect(await makeCredentials(password)).toBeUndefined()
  },
)

test('a decoy looks the same each time and like nobody else', () => {
  const secret = Buffer.from('secret')
  expect(decoyCredentials(secret, 'a')).toEqual(decoyCredentials(secret, 'a'))
  expect(decoyCredentials(secret, 'a').salt).not.toEqual(decoyCredentials(secret, 'b').salt)
  expect(decoyCredentials(secret, 'a').salt).toHaveLength(16)
  expect(decoyCredentials(secret, 'a').sha1.storedKey).toHaveLength(20)
})
