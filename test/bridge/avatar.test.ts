// Pictures of friends as XMPP clients get them.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { avatarUpdate, photoElement, readAvatar } from '../../src/bridge/avatar.ts'
import { serialize } from '../../src/stanza/xml.ts'
import { fromHex, utf8 } from '../../src/util/bytes.ts'

/** An image of 2 by 1 pixels of each format, at least its beginning. */
const hex = (digits: string): Uint8Array => fromHex(digits) as Uint8Array
const PNG = hex('89504e470d0a1a0a0000000d49484452000000020000000108060000')
const JPEG = hex('ffd8ffe000104a46494600010100000100010000ffc0001108000100020301')
const GIF = hex('47494638396102000100000000')
const WEBP = hex('524946461a000000574542505650384c0d0000002f0000000007d0ff')

test.each([
  ['PNG', PNG, 'image/png', 'png'],
  ['JPEG', JPEG, 'image/jpeg', 'jpg'],
] as const)('%s is shown, with the SHA-1 of its bytes', (_, bytes, mediaType, extension) => {
  const sha1 = createHash('sha1').update(bytes).digest('hex')
  expect(readAvatar(bytes)).toMatchObject({ mediaType, extension, width: 2, height: 1, bytes, sha1 })
})

test.each([
  ['GIF', GIF],
  ['WebP', WEBP],
  ['SVG', utf8('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['nothing', new Uint8Array()],
  ['a PNG of 5000 pixels', hex('89504e470d0a1a0a0000000d494844520000138800000001')],
  ['a PNG without width', hex('89504e470d0a1a0a0000000d494844520000000000000001')],
  ['a PNG that ends too early', PNG.subarray(0, 20)],
  ['a PNG of more bytes than pictures may have', new Uint8Array([...PNG, ...new Uint8Array(65_536)])],
])('%s is not', (_, bytes) => {
  expect(readAvatar(bytes)).toBeUndefined()
})

test('a vCard has type and bytes, presence the hash', () => {
  const large = new Uint8Array([...PNG, ...Array.from({ length: 30_000 }, (_, i) => i % 251)])
  const avatar = readAvatar(large)
  if (!avatar) throw new Error('not taken')
  expect(serialize(photoElement(avatar))).toBe(
    `<PHOTO><TYPE>image/png</TYPE><BINVAL>${Buffer.from(large).toString('base64')}</BINVAL></PHOTO>`,
  )
  expect(serialize(avatarUpdate(large, avatar))).toBe(
    `<x xmlns="vcard-temp:x:update"><photo>${avatar.sha1}</photo></x>`,
  )
})

test('presence tells a friend without picture from one of which nothing is known yet', () => {
  expect(serialize(avatarUpdate(new Uint8Array(), undefined))).toBe(
    '<x xmlns="vcard-temp:x:update"><photo/></x>',
  )
  expect(serialize(avatarUpdate(null, undefined))).toBe('<x xmlns="vcard-temp:x:update"/>')
})
