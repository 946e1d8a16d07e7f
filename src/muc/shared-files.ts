/** Files that a message shows, for clients old and new: XEP-0066 and XEP-0447 next to the addresses in its body. */
import { plainChild } from '../stanza/ethora.ts'
import { NS } from '../stanza/ns.ts'
import { childIn, childOf, type Element, el } from '../stanza/xml.ts'
import { mediaTypeOf } from '../util/media-types.ts'
import type { SharedFile } from './room-port.ts'

/** Payload of a message whose `body` has the address of each file, in this order. */
export function fileElements(body: string, files: readonly SharedFile[]): Element[] {
  if (files.length === 0) return []
  return [
    ...files.map(({ url }) => el('x', { xmlns: NS.oob }, el('url', {}, url))),
    ...files.map(fileSharing),
    el('fallback', { xmlns: NS.fallback, for: NS.fileSharing }, ...fallbackBodies(body, files)),
  ]
}

/** XEP-0447 §3.1. */
const fileSharing = (file: SharedFile): Element =>
  el(
    'file-sharing',
    { xmlns: NS.fileSharing, disposition: 'inline' },
    el(
      'file',
      { xmlns: NS.fileMetadata },
      el('media-type', {}, file.mediaType),
      el('name', {}, file.name),
      el('size', {}, String(file.size)),
      el('width', {}, String(file.width)),
      el('height', {}, String(file.height)),
      el('hash', { xmlns: NS.hashes, algo: 'sha-256' }, btoa(String.fromCharCode(...file.sha256))),
    ),
    el('sources', {}, el('url-data', { xmlns: NS.urlData, target: file.url })),
  )

const codePoints = (text: string): number => [...text].length

/** Where the body only repeats the files: XEP-0428 §2, counted in code points (XEP-0426). */
function fallbackBodies(body: string, files: readonly SharedFile[]): Element[] {
  let from = 0
  return files.map(({ url }) => {
    const at = body.indexOf(url, from)
    const start = codePoints(body.slice(0, at))
    from = at + url.length
    return el('body', { start, end: start + codePoints(url) })
  })
}

/** A file that a message shows, as far as the message tells. */
export interface ShownFile {
  readonly url: string
  readonly name: string
  readonly mediaType: string
  /** In bytes; empty when it is not told. */
  readonly size: string
}

/** The file that a message is about; undefined unless its text is nothing but the address of that file. */
export function sharedFileIn(message: Element): ShownFile | undefined {
  const oob = childOf(message, 'x', NS.oob)
  const url = oob && childOf(oob, 'url', NS.oob)?.getText().trim()
  if (!url || !/^https?:/.test(url) || plainChild(message, 'body')?.getText().trim() !== url) return undefined
  const sharing = childOf(message, 'file-sharing', NS.fileSharing)
  const file = sharing && childIn(sharing, NS.fileMetadata)
  const path = url.split(/[?#]/, 1)[0] ?? ''
  return {
    url,
    name: file?.getChildText('name') ?? path.slice(path.lastIndexOf('/') + 1),
    mediaType: file?.getChildText('media-type') ?? mediaTypeOf(path) ?? 'application/octet-stream',
    size: file?.getChildText('size') ?? '',
  }
}
