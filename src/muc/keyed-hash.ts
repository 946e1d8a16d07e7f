/** Short texts that stand for others and do not tell them, under a key of the room. */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { toHex, utf8 } from '../util/bytes.ts'

const BYTES = 16

/** HMAC-SHA-256 in hex, cut to 16 bytes. */
export const keyedHash = (key: Uint8Array, text: string): string =>
  toHex(hmac(sha256, key, utf8(text)).subarray(0, BYTES))
