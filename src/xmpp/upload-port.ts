/** What the upload service needs to hand out addresses; the files are kept elsewhere. XEP-0363. */
import type { Jid } from '../stanza/jid.ts'

/** Somebody wants to upload a file. */
export interface SlotRequest {
  /** Bare. */
  readonly account: Jid
  readonly isGuest: boolean
  readonly filename: string
  /** In bytes. */
  readonly size: number
}

/** An address to upload to, at which the file is then found; or why there is none. */
export type SlotAnswer =
  | { readonly kind: 'slot'; readonly url: string }
  | { readonly kind: 'too-large'; readonly maxBytes: number }
  /** Enough was uploaded for now; `retryAtMs`: milliseconds since 1970. */
  | { readonly kind: 'later'; readonly retryAtMs: number }

/** Where files are uploaded to. */
export interface UploadSlots {
  /** Its own domain, listed among the services of the server. */
  readonly domain: string
  /** Of one file. */
  maxBytes(isGuest: boolean): number
  slot(request: SlotRequest): SlotAnswer
}
