// Challenge codes. Vectors: docs/retroshare.md §11.3; codes of real nodes are in recorded-sessions.test.ts.
import { expect, test } from 'vitest'
import { challengeCode } from '../../../src/retroshare/wire/challenge.ts'
import type { FriendId, LobbyId } from '../../../src/util/ids.ts'

const hex = (value: bigint): string => value.toString(16).padStart(16, '0')

test.each([
  [140257447151802099n, 1540395435043678632n],
  [3128845210392038968n, 9133905927926710723n],
  [15552989625937603562n, 2213486716447545487n],
])('message %d gives code %d', (message, code) => {
  const peer = '01dc22f128d9495541f780a254b89630' as FriendId
  const lobby = hex(10949563242187165295n) as LobbyId
  expect(challengeCode(peer, lobby, hex(message))).toBe(hex(code))
})

test('a small code has its leading zeros', () => {
  expect(challengeCode('0'.repeat(32) as FriendId, '0'.repeat(16) as LobbyId, '0'.repeat(16))).toBe(
    '0'.repeat(16),
  )
})
