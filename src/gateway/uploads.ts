/** Files that users of the embedded server upload: slots, quotas, and the file when all of it has come. XEP-0363. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileStore } from '../archive/file-store.ts'
import type { Config } from '../config.ts'
import { FILES_PATH, storedName } from '../ops/files.ts'
import type { Upload, UploadDesk } from '../ops/uploads.ts'
import { ExpiringMap } from '../util/expiring-map.ts'
import type { SlotAnswer, SlotRequest, UploadSlots } from '../xmpp/upload-port.ts'
import { DailyQuota } from './daily-quota.ts'

/** One file of an account, and of a guest. */
const MAX_FILE_BYTES = 16_777_216
const MAX_GUEST_FILE_BYTES = 2_097_152
/** What an account uploads in a day, what a guest does, and all guests together. */
const MAX_DAY_BYTES = 134_217_728
const MAX_GUEST_DAY_BYTES = 8_388_608
const MAX_GUESTS_DAY_BYTES = 67_108_864
/** A slot waits so long for its file. */
const SLOT_MS = 300_000
const MAX_SLOTS = 1_000
const MAX_RUNNING = 50
const GUESTS = 'guests'

interface Slot {
  readonly size: number
  /** Who pays for it; guests pay twice. */
  readonly payers: readonly string[]
}

export interface UploadsOptions {
  readonly domain: string
  readonly files: FileStore
  /** Bytes of all files. */
  readonly maxBytes: number
  /** Without slash at the end; undefined as long as it is not known. */
  baseUrl(): string | undefined
  nowMs(): number
}

export class Uploads implements UploadSlots, UploadDesk {
  readonly domain: string
  readonly #options: UploadsOptions
  readonly #quota = new DailyQuota()
  /** By the name under which the file will be stored: the rest of the address may come back written in another way. */
  readonly #slots = new ExpiringMap<string, Slot>(SLOT_MS, MAX_SLOTS)
  #running = 0

  constructor(options: UploadsOptions) {
    this.domain = options.domain
    this.#options = options
  }

  maxBytes(isGuest: boolean): number {
    return Math.min(isGuest ? MAX_GUEST_FILE_BYTES : MAX_FILE_BYTES, this.#options.maxBytes)
  }

  slot({ account, isGuest, filename, size }: SlotRequest): SlotAnswer {
    const nowMs = this.#options.nowMs()
    this.#expire(nowMs)
    const maxBytes = this.maxBytes(isGuest)
    if (size > maxBytes) return { kind: 'too-large', maxBytes }
    const base = this.#options.baseUrl()
    if (base === undefined || this.#slots.size >= MAX_SLOTS)
      return { kind: 'later', retryAtMs: nowMs + SLOT_MS }
    const payers = isGuest ? [account.bare, GUESTS] : [account.bare]
    for (const [at, payer] of payers.entries()) {
      const retryAtMs = this.#quota.take(payer, size, allowance(payer, isGuest), nowMs)
      if (retryAtMs === undefined) continue
      this.#refund(payers.slice(0, at), size)
      return { kind: 'later', retryAtMs }
    }
    const id = randomBytes(16).toString('hex')
    const path = `${FILES_PATH}${id}/${encodeURIComponent(readable(filename))}`
    this.#slots.set(storedName(path) ?? '', { size, payers }, nowMs)
    return { kind: 'slot', url: base + path }
  }

  /** Stores a file that is here already, as if it had come to a slot. Throws what the disk refuses. */
  async put(request: SlotRequest, bytes: Uint8Array): Promise<SlotAnswer> {
    const answer = this.slot(request)
    const upload = answer.kind === 'slot' ? this.begin(new URL(answer.url).pathname) : undefined
    if (upload === 'busy') return { kind: 'later', retryAtMs: this.#options.nowMs() + SLOT_MS }
    if (!upload) return answer
    try {
      await writeFile(upload.part, bytes, { mode: 0o600 })
    } catch (error) {
      upload.failed()
      throw error
    }
    upload.done()
    return answer
  }

  begin(path: string): Upload | 'busy' | undefined {
    const name = storedName(path)
    const slot = name === undefined ? undefined : this.#slots.get(name, this.#options.nowMs())
    if (name === undefined || !slot) return undefined
    if (this.#running >= MAX_RUNNING) return 'busy'
    // Taken out: two cannot write one file.
    this.#slots.delete(name)
    this.#running++
    const { files, nowMs } = this.#options
    return {
      size: slot.size,
      part: files.part(name),
      done: () => {
        this.#running--
        files.adopt(name, nowMs())
      },
      failed: () => {
        this.#running--
        files.dropPart(name)
        // It may be tried again.
        this.#slots.set(name, slot, nowMs())
      },
    }
  }

  #expire(nowMs: number): void {
    for (const [, { payers, size }] of this.#slots.expire(nowMs)) this.#refund(payers, size)
  }

  #refund(payers: readonly string[], size: number): void {
    for (const payer of payers) this.#quota.giveBack(payer, size, this.#options.nowMs())
  }
}

function allowance(payer: string, isGuest: boolean): number {
  if (payer === GUESTS) return MAX_GUESTS_DAY_BYTES
  return isGuest ? MAX_GUEST_DAY_BYTES : MAX_DAY_BYTES
}

/** The name without what could be a path or is not to be seen. */
const readable = (filename: string): string =>
  filename
    .replace(/[\p{C}\p{Zl}\p{Zp}/\\]/gu, '_')
    .replace(/^\.+/, '_')
    .slice(-80)
    .replace(/\p{Cs}/gu, '_') || 'file'

/** Files of users of the embedded server; null when none are taken. */
export function openUploads(
  { data, limits, xmpp }: Config,
  serverDomain: string,
  baseUrl: () => string | undefined,
): { readonly files: FileStore; readonly slots: Uploads } | null {
  const domain = `upload.${serverDomain}`
  if (limits.uploads === 0 || domain === xmpp.domain) return null
  const files = new FileStore(join(data, 'uploads'), limits.uploads)
  return { files, slots: new Uploads({ domain, files, maxBytes: limits.uploads, baseUrl, nowMs: Date.now }) }
}
