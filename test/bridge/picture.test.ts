// Pictures in lobby messages: what they are is read from their first bytes, whatever the message says.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLobbyText } from '../../src/bridge/lobby-text.ts'
import { readPicture } from '../../src/bridge/picture.ts'

const bytesOf = (...parts: (string | readonly number[])[]): number[] =>
  parts.flatMap((part) => (typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : [...part]))
const dataUrl = (bytes: readonly number[], type = 'image/png'): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
const u16 = (n: number): number[] => [n >> 8, n & 0xff]
const u16le = (n: number): number[] => u16(n).reverse()
const u24le = (n: number): number[] => [n & 0xff, (n >> 8) & 0xff, n >> 16]

const png = (width: number, height: number): number[] =>
  bytesOf(
    '\x89PNG\r\n\x1A\n',
    [0, 0, 0, 13],
    'IHDR',
    [0, 0],
    u16(width),
    [0, 0],
    u16(height),
    [8, 6, 0, 0, 0],
  )
const gif = (width: number, height: number, version = '89a'): number[] =>
  bytesOf(`GIF${version}`, u16le(width), u16le(height), [0, 0, 0])
/** With an APP0 segment, a fill byte and quantisation before the frame header. */
const jpeg = (width: number, height: number, marker = 0xc2): number[] =>
  bytesOf(
    [0xff, 0xd8, 0xff, 0xe0, 0, 16],
    'JFIF\0',
    [1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xff, 0xdb, 0, 3, 0],
    [0xff, marker, 0, 17, 8],
    u16(height),
    u16(width),
    [3],
  )
const riff = (...chunk: (string | readonly number[])[]): number[] =>
  bytesOf('RIFF', [99, 0, 0, 0], 'WEBP', ...chunk)
const webpLossy = (width: number, height: number): number[] =>
  riff('VP8 ', [9, 0, 0, 0, 1, 2, 3, 0x9d, 0x01, 0x2a], u16le(width), u16le(height | 0x4000))
const webpLossless = (width: number, height: number): number[] => {
  const bits = (width - 1) | ((height - 1) << 14)
  return riff(
    'VP8L',
    [9, 0, 0, 0, 0x2f],
    [bits & 0xff, (bits >> 8) & 0xff, (bits >> 16) & 0xff, (bits >> 24) & 0xff],
  )
}
const webpExtended = (width: number, height: number): number[] =>
  riff('VP8X', [10, 0, 0, 0, 0, 0, 0, 0], u24le(width - 1), u24le(height - 1))

const FORMATS = [
  ['PNG', png, 'image/png', 'png'],
  ['GIF', gif, 'image/gif', 'gif'],
  ['JPEG', jpeg, 'image/jpeg', 'jpg'],
  ['lossy WebP', webpLossy, 'image/webp', 'webp'],
  ['lossless WebP', webpLossless, 'image/webp', 'webp'],
  ['extended WebP', webpExtended, 'image/webp', 'webp'],
] as const

describe.each(FORMATS)('%s', (_name, make, mediaType, extension) => {
  test('is known by its bytes, with its size, whatever type is named', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 1, max: 4096 }), (width, height) => {
        const bytes = make(width, height)
        const picture = readPicture(dataUrl(bytes, 'image/svg+xml'))
        expect(picture).toMatchObject({ mediaType, extension, width, height })
        expect([...(picture?.bytes ?? [])]).toEqual(bytes)
      }),
    )
  })

  test('that is cut short within its header is no picture', () => {
    const bytes = make(300, 200)
    const lengths = Array.from({ length: bytes.length }, (_, i) => i)
    const known = lengths.filter((length) => readPicture(dataUrl(bytes.slice(0, length))))
    // What follows the size is not looked at.
    expect(known.every((length) => length >= bytes.length - 5)).toBe(true)
  })

  test('of too many pixels is not shown', () => {
    expect(readPicture(dataUrl(make(4097, 1)))).toBeUndefined()
    expect(readPicture(dataUrl(make(1, 5000)))).toBeUndefined()
  })
})

test.each([
  ['an SVG', 'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4='],
  ['HTML', dataUrl(bytesOf('<html><script>alert(1)</script></html>'))],
  ['nothing', 'data:image/png;base64,'],
  ['no base64', 'data:image/png,abc'],
  ['a broken digit', `${dataUrl(png(1, 1))}*`],
  ['a digit too many', `${dataUrl(png(1, 1)).replace(/=+$/, '')}AA`],
  ['another address', 'https://x.org/a.png'],
  ['no pixels', dataUrl(png(0, 5))],
  ['a JPEG without frame', dataUrl([0xff, 0xd8, 0xff, 0xd9, 0, 0, 0, 0])],
  ['a JPEG whose tables look like a frame', dataUrl(jpeg(1, 1, 0xc4))],
  ['more than 64 KiB', dataUrl([...png(1, 1), ...new Array(65_536).fill(0)])],
])('%s is no picture', (_name, url) => {
  expect(readPicture(url)).toBeUndefined()
})

test('white space within the digits is no part of them', () => {
  expect(readPicture(dataUrl(png(3, 4)).replace(/(?<=,.*).{5}/g, '$&\n '))).toMatchObject({
    width: 3,
    height: 4,
  })
})

test('any bytes are a picture or none, and never a failure', () => {
  const start = fc.constantFrom(
    [],
    png(1, 1).slice(0, 16),
    [0xff, 0xd8],
    [0xff, 0xd8, 0xff],
    riff('VP8X'),
    riff('VP8 '),
  )
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 80 }), (head, tail) => {
      const picture = readPicture(dataUrl([...head, ...tail]))
      if (picture) expect(picture.width * picture.height).toBeGreaterThan(0)
    }),
    { numRuns: 2_000 },
  )
})

describe('in a message', () => {
  const show = (html: string) => readLobbyText(html, ({ extension }) => `https://x/1/image.${extension}`)
  const img = (bytes: readonly number[]): string => `<img src="${dataUrl(bytes)}"/>`

  test('a picture alone is its address alone', () => {
    const { body, pictures } = show(`<body><span>${img(png(3, 4))}</span></body>`)
    expect(body).toBe('https://x/1/image.png')
    expect(pictures).toMatchObject([{ url: body, width: 3, height: 4, mediaType: 'image/png' }])
  })

  test('a picture between words is a line of its own', () => {
    expect(show(`<b>look ${img(png(3, 4))}</b><br/>nice`).body).toBe('*look*\nhttps://x/1/image.png\nnice')
    expect(show(`a${img(png(1, 1))}${img(gif(1, 1))}b`).body).toBe(
      'a\nhttps://x/1/image.png\nhttps://x/1/image.gif\nb',
    )
  })

  test('the same picture twice is one file', () => {
    const { body, pictures } = show(img(png(1, 1)).repeat(2))
    expect([body.split('\n').length, pictures.length]).toEqual([2, 1])
  })

  test('the ninth picture, what is none, and what gets no address are told in a word', () => {
    const many = readLobbyText(img(png(1, 1)).repeat(9), ({ sha256 }) => `https://x/${sha256[0]}`)
    expect(many.body.split('\n').slice(-2)).toEqual([expect.stringMatching(/^https/), '[image]'])
    expect(show('<img src="data:image/svg+xml;base64,PHN2Zy8+"/>')).toEqual({ body: '[image]', pictures: [] })
    expect(readLobbyText(img(png(1, 1)), () => undefined)).toEqual({ body: '[image]', pictures: [] })
  })
})
