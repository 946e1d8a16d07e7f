/** The pictures that friends show of themselves, for XMPP clients. XEP-0054, XEP-0153. */
import { sha1 } from '@noble/hashes/legacy.js'
import { NS } from '../stanza/ns.ts'
import { type Element, el } from '../stanza/xml.ts'
import { toHex } from '../util/bytes.ts'
import { judgePicture, type Picture } from './picture.ts'

/** A picture that clients can show. */
export interface Avatar extends Picture {
  /** Of its bytes, in hex: what tells clients that it is another one. */
  readonly sha1: string
}

const MEDIA_TYPES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg'])
/** Characters of a string that is built at once. */
const CHUNK = 8192

/** Judged like pictures of lobbies, and PNG or JPEG alone; undefined for anything else. */
export function readAvatar(bytes: Uint8Array): Avatar | undefined {
  const picture = judgePicture(bytes)
  return picture && MEDIA_TYPES.has(picture.mediaType) ? { ...picture, sha1: toHex(sha1(bytes)) } : undefined
}

/** The picture in a vCard. XEP-0054, XEP-0153 §3.2. */
export const photoElement = ({ mediaType, bytes }: Avatar): Element =>
  el('PHOTO', {}, el('TYPE', {}, mediaType), el('BINVAL', {}, base64(bytes)))

/**
 * What presence says of the picture: which one, that there is none that can be shown, or, while `sent` is null, that
 * nothing is known yet. XEP-0153 §4.1.
 */
export const avatarUpdate = (sent: Uint8Array | null, shown: Avatar | undefined): Element =>
  el('x', { xmlns: NS.vcardUpdate }, sent === null ? null : el('photo', {}, shown?.sha1 ?? null))

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK)
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(binary)
}
