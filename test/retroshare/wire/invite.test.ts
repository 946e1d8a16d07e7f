// Invites: those of real nodes read and write exactly, any order and spelling reads, wrong ones say where.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatLongInvite,
  formatShortInvite,
  type Invite,
  inviteUrl,
  type LongInviteFields,
  parseInvite,
  type ShortInviteFields,
} from '../../../src/retroshare/wire/invite.ts'
import { crc24, readSections, writeSections } from '../../../src/retroshare/wire/invite-sections.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import type { FriendId } from '../../../src/util/ids.ts'
import { text } from './arbitrary-items.ts'
import { filesNamed, readVector } from './recorded.ts'

const parsed = (invite: string): Invite => {
  const result = parseInvite(invite)
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`)
  return result.value
}
const format = (invite: Invite): string =>
  invite.form === 'short' ? formatShortInvite(invite) : formatLongInvite(invite)
const failure = (invite: string): unknown => {
  const result = parseInvite(invite)
  return result.ok ? 'ok' : result.error
}

describe('invites of real nodes', () => {
  const folders = filesNamed('ids.txt').map((file) => file.slice(0, -'ids.txt'.length))
  /** `key value` lines. */
  const idsOf = (folder: string): Map<string, string> =>
    new Map(
      readVector(`${folder}ids.txt`)
        .trim()
        .split('\n')
        .map((line): [string, string] => [
          line.slice(0, line.indexOf(' ')),
          line.slice(line.indexOf(' ') + 1),
        ]),
    )

  test('are there', () => expect(folders).toHaveLength(18))

  test.each(folders)('%s: both forms read as the node says, and write back to the same text', (folder) => {
    const ids = idsOf(folder)
    const radix = readVector(`${folder}invite_short_radix.txt`).trim()
    const url = readVector(`${folder}invite_short_url.txt`).trim()
    const long = readVector(`${folder}invite_long.txt`).trim()
    const port = Number(ids.get('local')?.split(':')[1] ?? ids.get('port'))

    const short = parsed(radix)
    expect(short).toMatchObject({
      form: 'short',
      sslId: ids.get('sslid'),
      pgpFingerprint: ids.get('pgpfpr'),
      name: ids.get('name'),
      addresses: [{ host: '127.0.0.1', port }],
      other: [],
    })
    expect(parsed(url)).toEqual(short)
    expect(format(short)).toBe(radix)
    expect(inviteUrl(radix)).toBe(url.replace('cc?', 'cc/?'))

    const full = parsed(long)
    expect(full).toMatchObject({
      form: 'long',
      sslId: ids.get('sslid'),
      name: ids.get('name'),
      location: ids.get('location'),
      external: { host: '127.0.0.1', port },
      local: { host: '127.0.0.1', port },
      addresses: [{ host: '127.0.0.1', port }],
      other: [],
    })
    expect(format(full)).toBe(long)
  })
})

test('the short invite of docs/retroshare.md §11.2, in the order of Xeres, reads', () => {
  const invite = parsed(
    'ABBzjqGSBk4/IOdmQ4zJMFvVAQdOZW1lc2lzAxQG1LRG0gnnUvpxGjl5KyDKZX4nBpENBNJmb28uYmFyLmNvbZIGAwIBVQTSkwYyAajABNICFGlwdjQ6Ly84NS4xLjIuNDoxMjM0BAOiD+U=',
  )
  expect(invite).toEqual({
    form: 'short',
    sslId: '738ea192064e3f20e766438cc9305bd5',
    name: 'Nemesis',
    pgpFingerprint: '06D4B446D209E752FA711A39792B20CA657E2706',
    location: '',
    dns: { host: 'foo.bar.com', port: 1234 },
    external: { host: '85.1.2.3', port: 1234 },
    local: { host: '192.168.1.50', port: 1234 },
    locators: ['ipv4://85.1.2.4:1234'],
    other: [],
    addresses: [
      { host: '85.1.2.3', port: 1234 },
      { host: 'foo.bar.com', port: 1234 },
      { host: '85.1.2.4', port: 1234 },
      { host: '192.168.1.50', port: 1234 },
    ],
  })
})

test('the checksum is CRC-24 of OpenPGP', () => {
  expect(crc24(utf8('The quick brown fox jumps over the lazy dog'))).toBe(0xa2618c)
})

const sslId = '738ea192064e3f20e766438cc9305bd5' as FriendId
const short: ShortInviteFields = {
  sslId,
  name: 'Ann',
  pgpFingerprint: '06D4B446D209E752FA711A39792B20CA657E2706',
}
/** One user-id packet, new format; enough for the name. */
const pgpKey = Uint8Array.of(0xcd, 3, 0x41, 0x6e, 0x6e)
const long: LongInviteFields = { sslId, pgpKey, location: 'home' }

describe('the text of an invite', () => {
  const bare = formatShortInvite(short)
  test.each([
    ['as it is', bare],
    ['with line breaks and blanks', ` ${bare.slice(0, 10)}\r\n ${bare.slice(10)}\n`],
    ['without padding', bare.replace(/=+$/, '')],
    ['as URL', inviteUrl(bare)],
    [
      'as URL without a slash, not encoded, with more parameters',
      `https://me.retroshare.cc?a=b&rsInvite=${bare}&c=d`,
    ],
  ])('reads %s', (_, given) => expect(parsed(given)).toEqual(parsed(bare)))

  test.each([
    ['not base64', 'hello, world'],
    ['a URL with a broken escape', 'https://me.retroshare.cc/?rsInvite=%zz'],
  ])('that is %s is refused', (_, given) => expect(failure(given)).toMatchObject({ code: 'bad-base64' }))

  test('is looked at up to 32768 characters', () =>
    expect(failure('A'.repeat(32_769))).toMatchObject({ code: 'too-long' }))
})

describe('every field', () => {
  const endpoint = fc.record({ host: fc.ipV4(), port: fc.integer({ min: 0, max: 65535 }) })
  const name = text.filter((one) => one !== '')
  const locators = fc.array(
    fc.constantFrom('ipv4://1.2.3.4:5', 'ipv6://[2001:db8::1]:80', 'tor://x.onion:1'),
    {
      maxLength: 3,
    },
  )
  const other = fc.array(
    fc.record({
      tag: fc.integer({ min: 0xa0, max: 0xff }),
      data: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    }),
    { maxLength: 2 },
  )
  const optional = { requiredKeys: ['sslId', 'locators', 'other'] as const }

  test('of a short invite comes back', () => {
    const fields = fc.record(
      {
        sslId: fc.constant(sslId),
        name,
        pgpFingerprint: fc.constant(short.pgpFingerprint),
        dns: fc.record({ host: name, port: fc.nat(65535) }),
        hidden: fc.record({ type: fc.nat(0xffffffff), host: name, port: fc.nat(65535) }),
        external: endpoint,
        local: endpoint,
        locators,
        other,
      },
      { requiredKeys: [...optional.requiredKeys, 'name', 'pgpFingerprint'] },
    )
    fc.assert(
      fc.property(fields, (invite) => {
        const { addresses, ...back } = parsed(formatShortInvite(invite))
        expect(back).toEqual({ ...invite, form: 'short', location: '' })
        expect(addresses.length).toBeLessThanOrEqual(3 + invite.locators.length)
      }),
    )
  })

  test('of a long invite comes back', () => {
    const fields = fc.record(
      {
        sslId: fc.constant(sslId),
        pgpKey: fc.constant(pgpKey),
        location: name,
        dnsName: fc.constantFrom('foo.example', 'a-b.c'),
        hidden: fc.record({ host: fc.constantFrom('x.onion', '::1'), port: fc.nat(65535) }),
        external: endpoint,
        local: endpoint,
        locators,
        other,
      },
      { requiredKeys: [...optional.requiredKeys, 'pgpKey', 'location'] },
    )
    fc.assert(
      fc.property(fields, (invite) => {
        const { addresses, ...back } = parsed(formatLongInvite(invite))
        expect(back).toEqual({ ...invite, form: 'long', name: 'Ann' })
        expect(addresses.length).toBeLessThanOrEqual(3 + invite.locators.length)
      }),
    )
  })

  test('of a key of any size comes back', () => {
    for (const size of [1, 191, 192, 8383, 8384, 20_000]) {
      const invite = parsed(formatLongInvite({ ...long, pgpKey: new Uint8Array(size).fill(1) }))
      expect(invite.form === 'long' && invite.pgpKey.length).toBe(size)
      expect(invite.name).toBe('')
    }
  })
})

describe('sections', () => {
  const sections = (invite: string) => {
    const { checksumTag, sections } = readSections(Uint8Array.from(atob(invite), (c) => c.charCodeAt(0)))
    return { checksumTag, list: sections.rest() }
  }
  const build = (tag: number, list: { tag: number; data: Uint8Array }[]): string =>
    btoa(String.fromCharCode(...writeSections(tag, list)))
  const full = formatShortInvite({
    ...short,
    local: { host: '10.0.0.1', port: 1 },
    locators: ['ipv4://1.2.3.4:5'],
  })

  test('may come in any order, empty ones are skipped', () => {
    const { checksumTag, list } = sections(full)
    const turned = [...list.toReversed(), { tag: 0x91, data: new Uint8Array() }]
    expect(parsed(build(checksumTag, turned))).toEqual(parsed(full))
  })

  test.each([
    [0x00, 'SSL id'],
    [0x01, 'name'],
    [0x03, 'PGP fingerprint'],
  ])('%i is needed in a short invite', (tag, label) => {
    const list = sections(full).list.filter((one) => one.tag !== tag)
    expect(failure(build(4, list))).toMatchObject({
      code: 'missing-section',
      detail: `${label} (section ${tag}) is missing`,
    })
  })

  test.each([9, 1, 5, 6])('%i is needed in a long invite', (tag) => {
    const list = sections(formatLongInvite(long)).list.filter((one) => one.tag !== tag)
    expect(failure(build(7, list))).toMatchObject({ code: 'missing-section' })
  })

  test.each([
    ['an SSL id of 15 bytes', 4, 0x00, new Uint8Array(15), 'SSL id (section 0)'],
    ['an address of 7 bytes', 4, 0x92, new Uint8Array(7), 'external address (section 146)'],
    ['a name that is not UTF-8', 4, 0x01, Uint8Array.of(0xff), 'name (section 1)'],
    ['another version', 7, 9, Uint8Array.of(5), 'version (section 9)'],
    ['a hidden address without port', 7, 8, utf8('x.onion'), 'hidden address (section 8)'],
    ['a hidden address with a port too high', 7, 8, utf8('x.onion:70000'), 'hidden address (section 8)'],
    ['a DNS name with blanks', 7, 4, utf8('a b c d e'), 'DNS name (section 4)'],
  ])('%s is refused by name and offset', (_, form, tag, data, label) => {
    const base = sections(form === 4 ? formatShortInvite(short) : formatLongInvite(long)).list
    const list = [{ tag, data }, ...base.filter((one) => one.tag !== tag)]
    const error = failure(build(form, list))
    expect(error).toMatchObject({ code: 'bad-section', detail: expect.stringContaining(label) })
    expect((error as { offset: number }).offset).toBeLessThanOrEqual(2 + data.length)
  })

  test('a section that comes twice is refused', () => {
    const { list } = sections(full)
    expect(failure(build(4, [...list, ...list.filter(({ tag }) => tag === 1)]))).toMatchObject({
      code: 'bad-section',
      detail: 'name (section 1) comes twice',
    })
  })

  test('the DNS name of Xeres loses its port, its raw locator stays as it is', () => {
    const { list } = sections(formatLongInvite({ ...long, external: { host: '1.2.3.4', port: 7812 } }))
    const raw = { tag: 10, data: Uint8Array.of(1, 2, 3, 4, 0x1e, 0x84) }
    const name = { tag: 4, data: Uint8Array.of(...utf8('foo.example'), 0x1e, 0x84) }
    const invite = parsed(build(7, [...list, name, raw]))
    expect(invite).toMatchObject({ dnsName: 'foo.example', other: [raw], locators: [] })
    expect(invite.addresses).toEqual([
      { host: '1.2.3.4', port: 7812 },
      { host: 'foo.example', port: 7812 },
    ])
  })

  test('addresses that cannot be dialled, and the same one twice, are left out', () => {
    const invite = parsed(
      formatShortInvite({
        ...short,
        external: { host: '0.0.0.0', port: 80 },
        local: { host: '10.0.0.1', port: 80 },
        hidden: { type: 1, host: 'x.onion', port: 80 },
        locators: [
          'ipv4://10.0.0.1:80',
          'ipv6://[2001:db8::1]:81',
          'ipv4://10.0.0.1:0',
          'tor://x.onion:1',
          'ipv4://999.0.0.1:1',
        ],
      }),
    )
    expect(invite.addresses).toEqual([
      { host: '10.0.0.1', port: 80 },
      { host: '2001:db8::1', port: 81 },
    ])
  })

  test('a form that is neither short nor long is refused', () => {
    expect(failure(build(9, sections(full).list))).toMatchObject({ code: 'unknown-form' })
  })
})

test('any change of one character is refused or leaves the same invite', () => {
  const invite = formatShortInvite({ ...short, external: { host: '1.2.3.4', port: 5 } })
  const same = parsed(invite)
  fc.assert(
    fc.property(fc.nat(invite.length - 1), fc.constantFrom(...'AZaz09+/=%? \u00e9'), (at, char) => {
      const result = parseInvite(invite.slice(0, at) + char + invite.slice(at + 1))
      if (result.ok) expect(result.value).toEqual(same)
    }),
    { numRuns: 500 },
  )
})

test('random sections with a right checksum are read or refused, never thrown', () => {
  const section = fc.record({
    tag: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x90, 0x91, 0x92, 0x93),
    data: fc.uint8Array({ maxLength: 30 }),
  })
  fc.assert(
    fc.property(fc.array(section, { maxLength: 8 }), fc.constantFrom(4, 7), (list, form) => {
      const result = parseInvite(btoa(String.fromCharCode(...writeSections(form, list))))
      if (!result.ok) expect(['bad-section', 'missing-section']).toContain(result.error.code)
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 60 }), (bytes) => {
      const result = parseInvite(btoa(String.fromCharCode(...bytes)))
      if (!result.ok) expect(['truncated', 'bad-length', 'bad-checksum']).toContain(result.error.code)
    }),
    { numRuns: 1000 },
  )
})
