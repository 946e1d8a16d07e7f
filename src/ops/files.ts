/** Files that rooms show: for whoever knows the address, inert, and the same for ever. */
import { open } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { mediaTypeOf } from '../util/media-types.ts'
import { byteRange } from './byte-range.ts'

/** Addresses are `/files/ID/NAME.EXTENSION`; pictures of lobbies have the name `image`. */
export const FILES_PATH = '/files/'

export interface FileSource {
  /** A stored file by its name, `ID.EXTENSION`. */
  find(name: string): { readonly path: string; readonly bytes: number } | undefined
}

/** A year: what is at an address never changes. */
const MAX_AGE_SEC = 31_536_000

/** `ID.EXTENSION` of the path of an address, as files are stored; undefined when none can be there. */
export function storedName(path: string): string | undefined {
  const [, id, name = ''] = /^\/files\/([0-9a-f]{32})\/([^/]{1,800})$/.exec(path) ?? []
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? 'bin'
  return id && `${id}.${extension}`
}

/** Sends a file, or the part of it that is asked for; false when there is none of this address. */
export async function sendFile(response: ServerResponse, path: string, files: FileSource): Promise<boolean> {
  const stored = storedName(path)
  const file = stored === undefined ? undefined : files.find(stored)
  const handle = file && (await open(file.path).catch(() => undefined))
  if (stored === undefined || !file || !handle) return false
  const { method, headers } = response.req
  // Nothing tells versions of a file apart, as it has one only; a condition on them therefore fails (RFC 9110 §13.1.5).
  const wanted = method === 'GET' && headers['if-range'] === undefined ? headers.range : undefined
  const part = byteRange(wanted, file.bytes)
  if (part === 'unsatisfiable') {
    await handle.close()
    response.writeHead(416, { 'Content-Range': `bytes */${file.bytes}`, 'Content-Length': 0 }).end()
    return true
  }
  const { start, end } = part ?? { start: 0, end: file.bytes - 1 }
  // What may be shown in place does nothing. All else is for saving, whatever it says to be.
  const type = mediaTypeOf(stored)
  response.writeHead(part ? 206 : 200, {
    'Content-Type': type ?? 'application/octet-stream',
    'Content-Length': end - start + 1,
    'Accept-Ranges': 'bytes',
    ...(part && { 'Content-Range': `bytes ${start}-${end}/${file.bytes}` }),
    'Content-Disposition': `${type ? 'inline' : 'attachment'}; filename*=UTF-8''${nameIn(path)}`,
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cache-Control': `public, max-age=${MAX_AGE_SEC}, immutable`,
    // Web clients of other hosts may show it too.
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  })
  if (method === 'HEAD') {
    response.end()
    await handle.close()
  } else await pipeline(handle.createReadStream(part), response)
  return true
}

/** The last part of a path, as RFC 8187 §3.2 wants it in a header. */
function nameIn(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/%(?![0-9A-Fa-f]{2})/g, '%25')
  return name.replace(/[^A-Za-z0-9!#$&+.^_`|~%-]/g, (character) => `%${hexOf(character)}`)
}

/** Of a character of a path, which are all ASCII. */
const hexOf = (character: string): string =>
  character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()
