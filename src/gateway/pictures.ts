/** Pictures of lobbies and friends as files with an address: nobody without the gateway's secret can tell it from the picture. */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { FileStore } from '../archive/file-store.ts'
import type { StoredPicture } from '../bridge/embedding.ts'
import type { PictureUrl } from '../bridge/lobby-text.ts'
import { judgePicture, type Picture } from '../bridge/picture.ts'
import { FILES_PATH, storedName } from '../ops/files.ts'

/** What is done with pictures. */
export interface Pictures {
  readonly urlOf: PictureUrl
  /** Stores a picture; one that cannot be is an operator's matter, and its address leads nowhere. */
  store(picture: Picture): void
  /** Its address, under which it is stored from now on if it was not; undefined when pictures are not shown. */
  readonly keep: PictureUrl
  /** A picture of ours, or one that was uploaded here, by its address. */
  readonly stored: StoredPicture
}

export interface PicturesOptions {
  /** Null shows no pictures. */
  readonly files: FileStore | null
  /** What users uploaded; null when nothing can be. */
  readonly uploads: FileStore | null
  readonly secret: Buffer
  readonly log: Logger
  /** Without slash at the end; undefined as long as it is not known. */
  baseUrl(): string | undefined
  nowMs(): number
}

export function createPictures({ files, uploads, secret, log, baseUrl, nowMs }: PicturesOptions): Pictures {
  const key = createHmac('sha256', secret).update('files').digest()
  const id = ({ sha256 }: Picture): string =>
    createHmac('sha256', key).update(sha256).digest('hex').slice(0, 32)
  const nameOf = (picture: Picture): string => `${id(picture)}.${picture.extension}`
  const urlOf: PictureUrl = (picture) => {
    const base = files ? baseUrl() : undefined
    return base && `${base}${FILES_PATH}${id(picture)}/image.${picture.extension}`
  }
  const store = (picture: Picture): void => {
    try {
      files?.put(nameOf(picture), picture.bytes, nowMs())
    } catch (error) {
      log.error({ code: 'FILE_WRITE', err: error }, 'picture not stored')
    }
  }
  return {
    urlOf,
    store,
    keep: (picture) => {
      const url = urlOf(picture)
      if (url !== undefined && !files?.find(nameOf(picture))) store(picture)
      return url
    },
    stored: (url, maxBytes) => {
      const base = baseUrl()
      const name = base && url.startsWith(base) ? storedName(url.slice(base.length)) : undefined
      const file = name === undefined ? undefined : (files?.find(name) ?? uploads?.find(name))
      return file && file.bytes <= maxBytes ? dataUrl(file.path) : undefined
    },
  }
}

/** What a file is, its first bytes tell; undefined when it is no picture or cannot be read. */
function dataUrl(path: string): string | undefined {
  try {
    const bytes = readFileSync(path)
    const picture = judgePicture(bytes)
    return picture && `data:${picture.mediaType};base64,${bytes.toString('base64')}`
  } catch {
    return undefined
  }
}
