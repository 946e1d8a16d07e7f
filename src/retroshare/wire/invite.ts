/** Invites: the text by which two nodes become friends, short (ids only) or long (with the key). Source: docs/retroshare.md §2. */
import { type ByteReader, ByteWriter, utf8 } from '../../util/bytes.ts'
import type { FriendId } from '../../util/ids.ts'
import { DecodeError, decoding, type Result } from '../../util/result.ts'
import {
  type InviteSection,
  inviteBytes,
  inviteText,
  readSections,
  type Sections,
  section,
  writeSections,
} from './invite-sections.ts'
import { ipv4Bytes, ipv4Text, ipv6Bytes } from './ip-address.ts'
import { pgpUserName } from './pgp-user-id.ts'
import { idBytes } from './tlv.ts'

/** A host name or IP address, and a TCP port. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

interface InviteFields {
  readonly sslId: FriendId
  /** IPv4 addresses as others and as the own network see them. */
  readonly external?: Endpoint
  readonly local?: Endpoint
  /** Further addresses as URL, `ipv4://1.2.3.4:5678`. */
  readonly locators?: readonly string[]
  /** Sections of other kinds, kept as they came. */
  readonly other?: readonly InviteSection[]
}

/** What a short invite says. */
export interface ShortInviteFields extends InviteFields {
  /** Of the profile. */
  readonly name: string
  /** 40 upper-case hex digits. */
  readonly pgpFingerprint: string
  readonly dns?: Endpoint
  /** Address inside an anonymising network; `type` is RetroShare's number of that network. */
  readonly hidden?: Endpoint & { readonly type: number }
}

/** What a long invite says. */
export interface LongInviteFields extends InviteFields {
  /** Binary transferable public key of the profile. */
  readonly pgpKey: Uint8Array
  /** Name of the location (node). */
  readonly location: string
  /** Has no port of its own: that of the external (else local) address is meant. */
  readonly dnsName?: string
  readonly hidden?: Endpoint
}

interface Dialable {
  /** Where to dial, best first: external, DNS, locators, local. Hidden addresses are not among them. */
  readonly addresses: readonly Endpoint[]
}

/** An invite that was read. `name` is the profile's; a short invite names no location. */
export type Invite =
  | (ShortInviteFields & Dialable & { readonly form: 'short'; readonly location: '' })
  | (LongInviteFields & Dialable & { readonly form: 'long'; readonly name: string })

const LONG = {
  pgpKey: 1,
  external: 2,
  local: 3,
  dns: 4,
  sslId: 5,
  location: 6,
  checksum: 7,
  hidden: 8,
  version: 9,
  locator: 10,
} as const
const LONG_VERSION = 6

const SHORT = {
  sslId: 0x00,
  name: 0x01,
  locator: 0x02,
  fingerprint: 0x03,
  checksum: 0x04,
  hidden: 0x90,
  dns: 0x91,
  external: 0x92,
  local: 0x93,
} as const

/**
 * Reads an invite in either form, as URL or bare base64, white space ignored, sections in any order. Fails with
 * `too-long`, `bad-base64`, `truncated`, `bad-length`, `bad-checksum`, `unknown-form`, `bad-section`, `bad-utf8`,
 * `missing-section`; offsets count in the decoded bytes.
 */
export function parseInvite(text: string): Result<Invite> {
  return decoding(() => {
    const bytes = inviteBytes(text)
    const { checksumTag, sections } = readSections(bytes)
    if (checksumTag === SHORT.checksum) return shortInvite(sections)
    if (checksumTag === LONG.checksum) return longInvite(sections)
    throw new DecodeError(
      'unknown-form',
      bytes.length,
      `an invite ends with section 4 or 7, not ${checksumTag}`,
    )
  })
}

/** Base64 of a short invite, sections in RetroShare's order. */
export function formatShortInvite(invite: ShortInviteFields): string {
  const { name, hidden, dns, external, local, locators = [], other = [] } = invite
  const sections = [
    section(SHORT.sslId, idBytes(invite.sslId, 16)),
    section(SHORT.fingerprint, idBytes(invite.pgpFingerprint, 20)),
    section(SHORT.name, utf8(name)),
  ]
  if (hidden)
    sections.push(
      section(SHORT.hidden, new ByteWriter().u32(hidden.type).u16(hidden.port).utf8(hidden.host).finish()),
    )
  if (dns) sections.push(section(SHORT.dns, new ByteWriter().u16(dns.port).utf8(dns.host).finish()))
  if (local) sections.push(section(SHORT.local, endpointBytes(local, reversed)))
  if (external) sections.push(section(SHORT.external, endpointBytes(external, reversed)))
  for (const locator of locators) sections.push(section(SHORT.locator, utf8(locator)))
  return inviteText(writeSections(SHORT.checksum, [...sections, ...other]))
}

/** Base64 of a long invite in one line, sections in RetroShare's order. */
export function formatLongInvite(invite: LongInviteFields): string {
  const { hidden, dnsName, external, local, locators = [], other = [] } = invite
  const sections = [section(LONG.version, Uint8Array.of(LONG_VERSION)), section(LONG.pgpKey, invite.pgpKey)]
  if (hidden) sections.push(section(LONG.hidden, utf8(`${hidden.host}:${hidden.port}`)))
  if (external) sections.push(section(LONG.external, endpointBytes(external, natural)))
  if (local) sections.push(section(LONG.local, endpointBytes(local, natural)))
  if (dnsName) sections.push(section(LONG.dns, utf8(dnsName)))
  sections.push(section(LONG.location, utf8(invite.location)), section(LONG.sslId, idBytes(invite.sslId, 16)))
  for (const locator of locators) sections.push(section(LONG.locator, utf8(locator)))
  return inviteText(writeSections(LONG.checksum, [...sections, ...other]))
}

/** The URL form, which RetroShare opens by a click. */
export const inviteUrl = (base64: string): string =>
  `https://me.retroshare.cc/?rsInvite=${encodeURIComponent(base64)}`

function shortInvite(sections: Sections): Invite {
  const sslId = sections.need(SHORT.sslId, 'SSL id', (data) => data.hex(16)) as FriendId
  const pgpFingerprint = sections.need(SHORT.fingerprint, 'PGP fingerprint', (data) => data.hex(20))
  const name = sections.need(SHORT.name, 'name', readText)
  const hidden = sections.take(SHORT.hidden, 'hidden address', (data) => {
    const [type, port] = [data.u32(), data.u16()]
    return { type, host: readText(data), port }
  })
  const dns = sections.take(SHORT.dns, 'DNS name', (data) => {
    const port = data.u16()
    return { host: readText(data), port }
  })
  const external = sections.take(SHORT.external, 'external address', (data) => readEndpoint(data, reversed))
  const local = sections.take(SHORT.local, 'local address', (data) => readEndpoint(data, reversed))
  const locators = sections.takeAll(SHORT.locator, 'locator', readText)
  return {
    form: 'short',
    sslId,
    name,
    pgpFingerprint: pgpFingerprint.toUpperCase(),
    location: '',
    ...(hidden && { hidden }),
    ...(dns && { dns }),
    ...(external && { external }),
    ...(local && { local }),
    locators,
    other: sections.rest(),
    addresses: dialOrder([external, dns, ...locators.map(locatorEndpoint), local]),
  }
}

function longInvite(sections: Sections): Invite {
  sections.need(LONG.version, 'version', (data) => {
    const version = data.u8()
    if (version !== LONG_VERSION) data.fail('bad-section', `${version}, ${LONG_VERSION} expected`)
  })
  const pgpKey = sections.need(LONG.pgpKey, 'PGP key', (data) => data.bytes(data.remaining))
  const sslId = sections.need(LONG.sslId, 'SSL id', (data) => data.hex(16)) as FriendId
  const location = sections.need(LONG.location, 'location name', readText)
  const hidden = sections.take(LONG.hidden, 'hidden address', readHiddenText)
  const external = sections.take(LONG.external, 'external address', (data) => readEndpoint(data, natural))
  const local = sections.take(LONG.local, 'local address', (data) => readEndpoint(data, natural))
  const dnsName = sections.take(LONG.dns, 'DNS name', readHostName)
  // Xeres puts six raw bytes here and does not read them itself; they stay among the other sections.
  const locators = sections.takeAll(LONG.locator, 'locator', readText, isUrl)
  const port = (external ?? local)?.port
  const dns = dnsName && port ? { host: dnsName, port } : undefined
  return {
    form: 'long',
    sslId,
    name: pgpUserName(pgpKey),
    pgpKey,
    location,
    ...(hidden && { hidden }),
    ...(external && { external }),
    ...(local && { local }),
    ...(dnsName && { dnsName }),
    locators,
    other: sections.rest(),
    addresses: dialOrder([external, dns, ...locators.map(locatorEndpoint), local]),
  }
}

const readText = (data: ByteReader): string => data.utf8(data.remaining)

/** `address:port`, the form of hidden nodes in long invites. */
function readHiddenText(data: ByteReader): Endpoint {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(readText(data)) ?? []
  if (!host || Number(port) > 65535) data.fail('bad-section', 'address:port expected')
  return { host, port: Number(port) }
}

/** A host name; the two port bytes that Xeres appends are dropped. */
function readHostName(data: ByteReader): string {
  const bytes = data.bytes(data.remaining)
  const isName = (part: Uint8Array): boolean => /^[\w.-]+$/.test(String.fromCharCode(...part))
  const name = isName(bytes) ? bytes : bytes.subarray(0, -2)
  if (!isName(name)) data.fail('bad-section', 'not a host name')
  return String.fromCharCode(...name)
}

/** Long invites hold IPv4 addresses in natural byte order, short ones reversed; ports are big-endian in both. */
type ByteOrder = (address: Uint8Array) => Uint8Array
const natural: ByteOrder = (address) => address
const reversed: ByteOrder = (address) => address.toReversed()

function readEndpoint(data: ByteReader, order: ByteOrder): Endpoint {
  const host = ipv4Text(order(data.bytes(4)))
  return { host, port: data.u16() }
}

function endpointBytes({ host, port }: Endpoint, order: ByteOrder): Uint8Array {
  const address = ipv4Bytes(host)
  if (!address) throw new Error(`no IPv4 address: ${host}`)
  return new ByteWriter().bytes(order(address)).u16(port).finish()
}

const isUrl = (data: Uint8Array): boolean =>
  /^[a-z]\w*:\/\//.test(String.fromCharCode(...data.subarray(0, 16)))

/** The address in a locator; `undefined` when it is of a kind that cannot be dialled. */
function locatorEndpoint(locator: string): Endpoint | undefined {
  const [, v4, v6, port] = /^ipv[46]:\/\/(?:([\d.]+)|\[?([\da-f:.]+?)\]?):(\d{1,5})\/?$/i.exec(locator) ?? []
  const host = v4 ?? v6 ?? ''
  if (!ipv4Bytes(host) && !ipv6Bytes(host)) return undefined
  return { host, port: Number(port) }
}

/** Those that can be dialled, each once. */
function dialOrder(candidates: readonly (Endpoint | undefined)[]): Endpoint[] {
  const order = new Map<string, Endpoint>()
  for (const candidate of candidates)
    if (candidate && candidate.host !== '0.0.0.0' && candidate.port > 0 && candidate.port < 65536)
      order.set(`${candidate.host} ${candidate.port}`, candidate)
  return [...order.values()]
}
