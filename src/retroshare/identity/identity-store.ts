/** All identities of this node: own ones by speaker, and the records of foreign ones. docs/retroshare.md §7.6. */
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { GatewayError } from '../../util/errors.ts'
import type { ParticipantId, SpeakerId } from '../../util/ids.ts'
import { refusalOf } from '../../util/refusal.ts'
import { fail, ok, type Result } from '../../util/result.ts'
import { FileQueue } from './file-queue.ts'
import {
  changeGxsIdentity,
  createGxsIdentity,
  type GxsIdentity,
  type KnownIdentity,
  type RecordBytes,
  verifyIdentity,
} from './gxs-identity.ts'
import {
  foreignContent,
  foreignFile,
  ownContent,
  ownFile,
  readForeignFiles,
  readOwnFiles,
} from './identity-files.ts'
import type { KeyMaker } from './key-maker.ts'
import { makePrivateFolder } from './private-file.ts'
import type { Profile } from './profile.ts'
import { RecordCache } from './record-cache.ts'

/** What a store needs, and its bounds. */
export interface IdentityStoreOptions {
  /** Has one file per identity in `own/` and `foreign/`, mode 0600; private keys are not encrypted. */
  readonly folder: string
  readonly keys: Pick<KeyMaker, 'take'>
  /** Seconds since 1970, for publish times. */
  readonly nowSec: () => number
  /** `IDENTITY_FILE_CORRUPT`: skipped; `IDENTITY_FILE_NOT_WRITTEN`: kept in memory only. Both name the file. */
  readonly onProblem: (problem: GatewayError) => void
  /** Own identities, kept and ephemeral; default 10,000. Kept ones not in use go first, longest unused first. */
  readonly maxOwn?: number
  /** Foreign identities; default 4,096. */
  readonly maxForeign?: number
  /** Bytes of all foreign records; default 64 MiB. */
  readonly maxForeignBytes?: number
}

/** A foreign record with more bytes (most of them an avatar) is refused. */
export const MAX_RECORD_BYTES = 131_072

interface Own {
  readonly identity: GxsIdentity
  readonly isKept: boolean
  readonly isInUse: boolean
}

/** Everything is in memory; the disk is read by `open` and written behind. */
export class IdentityStore {
  readonly #options: IdentityStoreOptions
  readonly #maxOwn: number
  readonly #own = new Map<SpeakerId, Own>()
  readonly #ownById = new Map<ParticipantId, GxsIdentity>()
  readonly #inUse = new Set<ParticipantId>()
  readonly #foreign: RecordCache
  readonly #busy = new Map<SpeakerId, Promise<unknown>>()
  readonly #closing = new AbortController()
  readonly #ownFiles: FileQueue
  readonly #foreignFiles: FileQueue
  #corrupt = 0

  private constructor(options: IdentityStoreOptions) {
    this.#options = options
    // Everybody who waits for a key listens to it; how many may wait is the key maker's bound.
    setMaxListeners(0, this.#closing.signal)
    this.#maxOwn = options.maxOwn ?? 10_000
    this.#foreign = new RecordCache(options.maxForeign ?? 4096, options.maxForeignBytes ?? 64 * 1024 * 1024)
    this.#ownFiles = new FileQueue(true, (path, cause) => this.#notWritten(path, cause))
    this.#foreignFiles = new FileQueue(false, (path, cause) => this.#notWritten(path, cause))
  }

  /** Reads what was kept. Rejects with `IDENTITY_STORE_UNUSABLE` when the folder cannot be made or read. */
  static async open(options: IdentityStoreOptions): Promise<IdentityStore> {
    const store = new IdentityStore(options)
    try {
      await store.#load()
    } catch (cause) {
      throw new GatewayError('IDENTITY_STORE_UNUSABLE', `${options.folder}: ${refusalOf(cause)}`, { cause })
    }
    return store
  }

  /** Files that were skipped at the start. */
  get corruptFiles(): number {
    return this.#corrupt
  }

  /** The identity of a speaker of ours, in use or kept from before. */
  own(speaker: SpeakerId): GxsIdentity | undefined {
    return this.#own.get(speaker)?.identity
  }

  /**
   * The identity of a speaker, made or changed as need be: it has the nick, is owned by the profile `linkTo` if given,
   * and outlives the process if `isKept` (then it is on disk when this resolves). Neither link nor keeping is taken
   * back. Calls for one speaker are done one after another. Rejects with `IDENTITY_NICK_INVALID`,
   * `IDENTITY_STORE_FULL`, `IDENTITY_STORE_CLOSED` or as `KeyMaker.take`.
   */
  ensureOwn(speaker: SpeakerId, nick: string, isKept: boolean, linkTo?: Profile): Promise<GxsIdentity> {
    return this.#inOrder(speaker, () => this.#ensure(speaker, nick, isKept, linkTo))
  }

  /** The speaker is gone: an ephemeral identity is forgotten, a kept one is no longer in use. */
  dropOwn(speaker: SpeakerId): void {
    if (this.#busy.has(speaker)) void this.#inOrder(speaker, async () => this.#drop(speaker))
    else this.#drop(speaker)
  }

  /** An own or foreign identity; a foreign one becomes the most recently used. */
  known(id: ParticipantId): KnownIdentity | undefined {
    return this.#ownById.get(id) ?? this.#foreign.get(id)
  }

  /** The record of an own or foreign identity, byte for byte as it was made or learned. */
  record(id: ParticipantId): RecordBytes | undefined {
    return this.#ownById.get(id) ?? this.#foreign.get(id)
  }

  /**
   * Verifies and remembers a foreign record; of two of one identity the one published later stays. The answer is what
   * is known now. Failures: `record-too-large` and those of `verifyIdentity`.
   */
  learn(data: Uint8Array, meta: Uint8Array): Result<KnownIdentity> {
    const size = data.length + meta.length
    if (size > MAX_RECORD_BYTES)
      return fail({
        code: 'record-too-large',
        offset: 0,
        detail: `${size} bytes, at most ${MAX_RECORD_BYTES}`,
      })
    const verified = verifyIdentity(data, meta)
    if (!verified.ok) return verified
    const { id, publishedAtSec } = verified.value
    const held = this.known(id)
    if (held && (this.#ownById.has(id) || held.publishedAtSec >= publishedAtSec)) return ok(held)
    // Copies: what came may be views of a much larger buffer.
    const identity = { ...verified.value, data: Uint8Array.from(data), meta: Uint8Array.from(meta) }
    void this.#foreignFiles.put(this.#foreignFile(id), foreignContent(identity))
    this.#forget(this.#foreign.set(identity))
    return ok(verified.value)
  }

  /** All identities held: own ones first, then foreign ones. */
  ids(): ParticipantId[] {
    return [...this.#ownById.keys(), ...this.#foreign.ids()]
  }

  /** Own identities in use, those that may speak: a live view. */
  get ownIds(): ReadonlySet<ParticipantId> {
    return this.#inUse
  }

  /** Refuses further identities and resolves when all is written. */
  async close(): Promise<void> {
    this.#closing.abort(new GatewayError('IDENTITY_STORE_CLOSED', 'the identities are being closed'))
    await Promise.allSettled(this.#busy.values())
    await Promise.all([this.#ownFiles.flush(), this.#foreignFiles.flush()])
  }

  async #load(): Promise<void> {
    await makePrivateFolder(this.#folder('own'))
    await makePrivateFolder(this.#folder('foreign'))
    const onCorrupt = (path: string, why: string): void => {
      this.#corrupt++
      this.#options.onProblem(new GatewayError('IDENTITY_FILE_CORRUPT', `${path}: ${why}`))
    }
    for await (const { speaker, identity } of readOwnFiles(this.#folder('own'), onCorrupt))
      this.#setOwn(speaker, { identity, isKept: true, isInUse: false })
    for await (const identity of readForeignFiles(this.#folder('foreign'), onCorrupt))
      this.#forget(this.#foreign.set(identity))
  }

  async #ensure(speaker: SpeakerId, nick: string, isKept: boolean, linkTo?: Profile): Promise<GxsIdentity> {
    this.#closing.signal.throwIfAborted()
    const before = this.#own.get(speaker)
    if (!before) this.#makeRoom()
    const identity = before
      ? await this.#changed(before.identity, nick, linkTo)
      : await createGxsIdentity(
          nick,
          await this.#options.keys.take(this.#closing.signal),
          this.#options.nowSec(),
          linkTo,
        )
    this.#closing.signal.throwIfAborted()
    const own = { identity, isKept: isKept || before?.isKept === true, isInUse: true }
    this.#setOwn(speaker, own)
    if (own.isKept && (identity !== before?.identity || !before.isKept))
      await this.#ownFiles.put(this.#ownFile(speaker), ownContent({ speaker, identity }))
    return identity
  }

  async #changed(identity: GxsIdentity, nick: string, link?: Profile): Promise<GxsIdentity> {
    const isAsWanted = identity.nick === nick && (identity.isLinked || !link)
    return isAsWanted ? identity : await changeGxsIdentity(identity, { nick, link }, this.#options.nowSec())
  }

  #drop(speaker: SpeakerId): void {
    const own = this.#own.get(speaker)
    if (!own) return
    this.#removeOwn(speaker, own)
    if (own.isKept) this.#setOwn(speaker, { ...own, isInUse: false })
  }

  #setOwn(speaker: SpeakerId, own: Own): void {
    this.#own.set(speaker, own)
    this.#ownById.set(own.identity.id, own.identity)
    if (own.isInUse) this.#inUse.add(own.identity.id)
  }

  #removeOwn(speaker: SpeakerId, own: Own): void {
    this.#own.delete(speaker)
    this.#ownById.delete(own.identity.id)
    this.#inUse.delete(own.identity.id)
  }

  /** Those being made count too, so that they cannot grow past the bound together. */
  #makeRoom(): void {
    const making = [...this.#busy.keys()].filter((speaker) => !this.#own.has(speaker)).length
    if (this.#own.size + making <= this.#maxOwn) return
    for (const [speaker, own] of this.#own) {
      if (own.isInUse || this.#busy.has(speaker)) continue
      this.#removeOwn(speaker, own)
      void this.#ownFiles.put(this.#ownFile(speaker), null)
      return
    }
    throw new GatewayError('IDENTITY_STORE_FULL', `all ${this.#maxOwn} identities are in use`)
  }

  #inOrder<T>(speaker: SpeakerId, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(speaker) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.#busy.set(speaker, mine)
    const done = (): void => {
      if (this.#busy.get(speaker) === mine) this.#busy.delete(speaker)
    }
    mine.then(done, done)
    return mine
  }

  #forget(ids: readonly ParticipantId[]): void {
    for (const id of ids) void this.#foreignFiles.put(this.#foreignFile(id), null)
  }

  #notWritten(path: string, cause: unknown): void {
    this.#options.onProblem(
      new GatewayError('IDENTITY_FILE_NOT_WRITTEN', `${path}: ${refusalOf(cause)}`, { cause }),
    )
  }

  #folder(name: 'own' | 'foreign'): string {
    return join(this.#options.folder, name)
  }

  #ownFile(speaker: SpeakerId): string {
    return ownFile(this.#folder('own'), speaker)
  }

  #foreignFile(id: ParticipantId): string {
    return foreignFile(this.#folder('foreign'), id)
  }
}
