/** What a client's stream header must say, and the features it is answered with. RFC 6120 §4.7, §4.3, RFC 7395 §3.4. */
import { parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StreamErrorCondition } from '../stanza/stream-error.ts'
import { type Element, el } from '../stanza/xml.ts'

/** Why a header is refused, or undefined. The namespace of the framing was seen to before. */
export function refusesHeader(
  header: Element,
  domain: string,
  isFramed: boolean,
): { readonly condition: StreamErrorCondition; readonly text: string } | undefined {
  if (!isFramed) {
    if (!header.is('stream', NS.streams))
      return { condition: 'invalid-namespace', text: `A stream begins with stream in ${NS.streams}.` }
    if (header.attrs.xmlns !== NS.client)
      return { condition: 'invalid-namespace', text: 'This is for clients: jabber:client.' }
  }
  if (header.attrs.to === undefined)
    return { condition: 'improper-addressing', text: `Say whom you want to reach: ${domain}.` }
  if (parseJid(header.attrs.to)?.full !== domain)
    return { condition: 'host-unknown', text: `This server is ${domain}.` }
  if (!/^[1-9]\d*\.\d+$/.test(header.attrs.version ?? ''))
    return { condition: 'unsupported-version', text: 'XMPP 1.0 is spoken here.' }
  return undefined
}

/** The client's own address, if its header tells a valid one. */
export const claimedAddress = (header: Element): string | undefined => parseJid(header.attrs.from ?? '')?.full

/** `<stream:features/>`; on a stream the prefix is declared by the header already. */
export function features(isFramed: boolean, ...children: Element[]): Element {
  return el('stream:features', { 'xmlns:stream': isFramed ? NS.streams : undefined }, ...children)
}

/** The feature that lists mechanisms (RFC 6120 §6.4.1). */
export const mechanismsFeature = (names: readonly string[]): Element =>
  el('mechanisms', { xmlns: NS.sasl }, ...names.map((name) => el('mechanism', {}, name)))

/** The feature that names the kinds of channel binding that can be used (XEP-0440). */
export const channelBindingFeature = (types: readonly string[]): Element =>
  el(
    'sasl-channel-binding',
    { xmlns: NS.channelBinding },
    ...types.map((type) => el('channel-binding', { type })),
  )

/** The feature that offers TLS, or demands it (RFC 6120 §5.4.1). */
export const startTlsFeature = (isRequired: boolean): Element =>
  el('starttls', { xmlns: NS.startTls }, isRequired && el('required'))

/** The feature that demands binding (RFC 6120 §7.4). */
export const bindFeature = (): Element => el('bind', { xmlns: NS.bind }, el('required'))

/** The feature that offers client state indication (XEP-0352 §4). */
export const clientStateFeature = (): Element => el('csi', { xmlns: NS.clientState })
