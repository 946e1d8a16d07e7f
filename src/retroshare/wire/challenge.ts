/** The code by which neighbours find out that they share a private lobby. Source: docs/retroshare.md §6.7. */
import type { FriendId, LobbyId } from '../../util/ids.ts'
import { idBytes } from './tlv.ts'

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)

/** 16 hex digits. `peer` is the *receiver* of the challenge, `messageId` (16 hex digits) a recent message of the lobby. */
export function challengeCode(peer: FriendId, lobby: LobbyId, messageId: string): string {
  const lobbyNumber = BigInt(`0x${lobby}`)
  const message = BigInt(`0x${messageId}`)
  let code = 0n
  for (const byte of idBytes(peer, 16)) {
    code = u64(code + message)
    code ^= code >> 35n
    code = u64(code + (code << 6n))
    code ^= u64(BigInt(byte) * lobbyNumber)
    code = u64(code + (code << 26n))
    code ^= code >> 13n
  }
  return code.toString(16).padStart(16, '0')
}
