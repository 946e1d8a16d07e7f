/** Files that rooms show: for whoever knows the address, inert, and the same for ever. */
import { open } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

/** Addresses are `/files/ID/NAME.EXTENSION`; pictures of lobbies have the name `image`. */
export const FILES_PATH = '/files/'

export interface FileSource {
  /** A stored file by its name, `ID.EXTENSION`. */
  find(name: string): { readonly path: string; readonly bytes: number } | undefined
}

/** What a browser may show in place: nothing that runs. All else is for saving, whatever it says to be. */
const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  oga: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  mp4: 'video/mp4',
  webm: 'video/webm',
}

/** A year: what is at an address never changes. */
const MAX_AGE_SEC = 31_536_000

/** `ID.EXTENSION` of the path of an address, as files are stored; undefined when none can be there. */
export function storedName(path: string): string | undefined {
  const [, id, name = ''] = /^\/files\/([0-9a-f]{32})\/([^/]{1,800})$/.exec(path) ?? []
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? 'bin'
  return id && `${id}.${extension}`
}

/** Sends a file; false when there is none of this address. */
export async function sendFile(response: ServerResponse, path: string, files: FileSource): Promise<boolean> {
  const stored = storedName(path)
  const file = stored === undefined ? undefined : files.find(stored)
  const handle = file && (await open(file.path).catch(() => undefined))
  if (stored === undefined || !file || !handle) return false
  const type = TYPES[stored.slice(33)]
  response.writeHead(200, {
    'Content-Type': type ?? 'application/octet-stream',
    'Content-Length': file.bytes,
    'Content-Disposition': `${type ? 'inline' : 'attachment'}; filename*=UTF-8''${nameIn(path)}`,
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cache-Control': `public, max-age=${MAX_AGE_SEC}, immutable`,
    // Web clients of other hosts may show it too.
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  })
  if (response.req.method === 'HEAD') {
    response.end()
    await handle.close()
  } else await pipeline(handle.createReadStream(), response)
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
