/** Files on their way in: streamed to disk, as large as announced, gone when they do not come whole. XEP-0363 §4. */
import { createWriteStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** One upload that has begun. Either `done` or `failed` is called, once. */
export interface Upload {
  /** Bytes that were announced. */
  readonly size: number
  /** Where they are written to. */
  readonly part: string
  /** All of them are there. Throws FILE_WRITE. */
  done(): void
  failed(): void
}

/** Knows what may be uploaded where. */
export interface UploadDesk {
  /** Begins an upload to the path of an address; undefined when there is no slot, `busy` when too many go on. */
  begin(path: string): Upload | 'busy' | undefined
}

class WrongSize extends Error {}

/** Passes on exactly `size` bytes. */
function exactly(size: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length
      callback(bytes > size ? new WrongSize() : null, chunk)
    },
    flush(callback) {
      callback(bytes === size ? null : new WrongSize())
    },
  })
}

/** Takes a PUT; the status to answer with. What goes wrong on our side is thrown. */
export async function receiveUpload(
  request: IncomingMessage,
  path: string,
  uploads: UploadDesk | null,
): Promise<number> {
  const upload = uploads?.begin(path)
  if (!upload) return 403
  if (upload === 'busy') return 503
  const announced = request.headers['content-length']
  if (announced !== undefined && Number(announced) !== upload.size) {
    upload.failed()
    return 413
  }
  try {
    await pipeline(request, exactly(upload.size), createWriteStream(upload.part, { mode: 0o600 }))
  } catch (error) {
    upload.failed()
    if (error instanceof WrongSize) return 413
    // What the disk refuses names the call; who goes away does not.
    if (['open', 'write'].includes((error as NodeJS.ErrnoException).syscall ?? '')) throw error
    return 400
  }
  upload.done()
  return 201
}

/** Pages of other hosts may upload too: the address is the permission. */
export function allowUploads(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Origin', '*')
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, PUT, OPTIONS')
  response.setHeader('Access-Control-Allow-Headers', 'Content-Type, Authorization')
}
