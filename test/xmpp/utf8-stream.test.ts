// Text out of byte segments.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Utf8Stream } from '../../src/xmpp/utf8-stream.ts'

test('text survives any cutting', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.integer({ min: 1, max: 7 }), (any, size) => {
      const text = any.replace(/\p{Cs}/gu, '')
      const bytes = Buffer.from(text)
      const stream = new Utf8Stream()
      let decoded = ''
      for (let at = 0; at < bytes.length; at += size) decoded += stream.decode(bytes.subarray(at, at + size))
      expect(decoded).toBe(text)
    }),
  )
})

test.each([
  ['a lone continuation byte', [0x80]],
  ['four continuation bytes', [0x80, 0x80, 0x80, 0x80]],
  ['an overlong form', [0xc0, 0xaf, 0x20]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ['UTF-16', [0xff, 0xfe, 0x3c, 0x00]],
  ['a character that is cut short', [0xe2, 0x82, 0x20]],
])('%s is refused', (_what, bytes) => {
  expect(new Utf8Stream().decode(Buffer.from(bytes))).toBeUndefined()
})

test('any bytes in any segments are text or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9 })), (segments) => {
      const stream = new Utf8Stream()
      const whole = Buffer.concat(segments)
      let decoded: string | undefined = ''
      for (const segment of segments) {
        const text = stream.decode(Buffer.from(segment))
        decoded = decoded === undefined || text === undefined ? undefined : decoded + text
      }
      if (decoded !== undefined) expect(whole.toString('utf8').startsWith(decoded)).toBe(true)
      else expect(whole.toString('utf8')).toContain('\ufffd')
    }),
  )
})
