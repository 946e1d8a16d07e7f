/** Files that are shown, in one folder and by name alone: the one longest unused goes when there are too many bytes. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../util/errors.ts'
import { refusalOf } from '../util/refusal.ts'

/** Small files fill a disk's table of files sooner than its bytes. */
const MAX_FILES = 20_000
const PART = '.part'
/** 32 hex digits that cannot be guessed, and what kind of file it is. */
const NAME = /^[0-9a-f]{32}\.[a-z0-9]{1,8}$/

interface Stored {
  readonly bytes: number
  /** When it was put last, ms since 1970. */
  readonly usedAtMs: number
}

/** Marks a file as used; false when somebody has removed it. */
function touch(path: string, nowMs: number): boolean {
  try {
    utimesSync(path, nowMs / 1000, nowMs / 1000)
    return true
  } catch {
    return false
  }
}

export class FileStore {
  readonly #folder: string
  readonly #maxBytes: number
  /** By name, the one longest unused first. */
  readonly #files = new Map<string, Stored>()
  #bytes = 0

  /** Makes the folder or reads what is in it. Throws FILES_UNREADABLE. `maxBytes`: of all files; 0 keeps none. */
  constructor(folder: string, maxBytes: number) {
    this.#folder = folder
    this.#maxBytes = maxBytes
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      this.#read()
      this.#shrink()
    } catch (cause) {
      throw new GatewayError('FILES_UNREADABLE', `${folder}: ${refusalOf(cause)}`, { cause })
    }
  }

  get count(): number {
    return this.#files.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Keeps a file under a name of 32 hex digits and an extension; one that is there counts as used. Throws FILE_WRITE. */
  put(name: string, bytes: Uint8Array, nowMs: number): void {
    const path = join(this.#folder, name)
    try {
      if (!this.#files.has(name) || !touch(path, nowMs)) {
        writeFileSync(path + PART, bytes, { mode: 0o600 })
        renameSync(path + PART, path)
        touch(path, nowMs)
      }
      this.#forget(name)
      this.#remember(name, { bytes: bytes.length, usedAtMs: nowMs })
      this.#shrink()
    } catch (cause) {
      throw new GatewayError('FILE_WRITE', `${path}: ${refusalOf(cause)}`, { cause })
    }
  }

  /** Where a file of this name is written before it is `adopt`ed; what a kill leaves there goes at the next start. */
  part(name: string): string {
    return join(this.#folder, name) + PART
  }

  /** Takes over what was written to `part`. Throws FILE_WRITE. */
  adopt(name: string, nowMs: number): void {
    const path = join(this.#folder, name)
    try {
      const { size } = statSync(path + PART)
      renameSync(path + PART, path)
      touch(path, nowMs)
      this.#forget(name)
      this.#remember(name, { bytes: size, usedAtMs: nowMs })
      this.#shrink()
    } catch (cause) {
      throw new GatewayError('FILE_WRITE', `${path}: ${refusalOf(cause)}`, { cause })
    }
  }

  /** Removes what was written to `part`. */
  dropPart(name: string): void {
    rmSync(this.part(name), { force: true })
  }

  /** Where a file is and how many bytes it has; undefined when there is none of this name. */
  find(name: string): { readonly path: string; readonly bytes: number } | undefined {
    const stored = this.#files.get(name)
    return stored && { path: join(this.#folder, name), bytes: stored.bytes }
  }

  /** Removes what was not used since; how many files it was. Throws FILE_WRITE. */
  prune(beforeMs: number): number {
    const old = [...this.#files].filter(([, { usedAtMs }]) => usedAtMs < beforeMs).map(([name]) => name)
    try {
      for (const name of old) this.#remove(name)
    } catch (cause) {
      throw new GatewayError('FILE_WRITE', `${this.#folder}: ${refusalOf(cause)}`, { cause })
    }
    return old.length
  }

  #read(): void {
    const found: [string, Stored][] = []
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name)
      // What a kill left half written.
      if (name.endsWith(PART)) rmSync(path, { force: true })
      if (!NAME.test(name)) continue
      const { size, mtimeMs } = statSync(path)
      found.push([name, { bytes: size, usedAtMs: mtimeMs }])
    }
    for (const [name, stored] of found.sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs))
      this.#remember(name, stored)
  }

  #remember(name: string, stored: Stored): void {
    this.#files.set(name, stored)
    this.#bytes += stored.bytes
  }

  #forget(name: string): void {
    this.#bytes -= this.#files.get(name)?.bytes ?? 0
    this.#files.delete(name)
  }

  #remove(name: string): void {
    rmSync(join(this.#folder, name), { force: true })
    this.#forget(name)
  }

  #shrink(): void {
    for (const name of this.#files.keys()) {
      if (this.#bytes <= this.#maxBytes && this.#files.size <= MAX_FILES) return
      this.#remove(name)
    }
  }
}
