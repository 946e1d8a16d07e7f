/** Files that rooms show: for whoever knows the address, inert, and the same for ever. */
import { open } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

/** Addresses are `/files/ID/image.EXTENSION`. */
export const FILES_PATH = '/files/'

export interface FileSource {
  /** A stored file by its name, `ID.EXTENSION`. */
  find(name: string): { readonly path: string; readonly bytes: number } | undefined
}

/** What a browser may show in place; nothing else is ever stored. */
const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
}

/** A year: the address is made of the content. */
const MAX_AGE_SEC = 31_536_000

/** Sends a file; false when there is none of this address. */
export async function sendFile(response: ServerResponse, path: string, files: FileSource): Promise<boolean> {
  const [, id = '', extension = ''] = /^\/files\/([0-9a-f]{32})\/image\.([a-z]{3,4})$/.exec(path) ?? []
  const type = TYPES[extension]
  const file = type === undefined ? undefined : files.find(`${id}.${extension}`)
  const handle = file && (await open(file.path).catch(() => undefined))
  if (type === undefined || !file || !handle) return false
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': file.bytes,
    'Content-Disposition': `inline; filename="image.${extension}"`,
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
