/** What RetroShare takes of what our users say, and of how they are called. */
import type { LobbyLimits } from '../lobby/lobby.ts'
import { MAX_IDENTITY_NICK_BYTES } from './identity/gxs-identity.ts'
import { MAX_PRIVATE_BYTES } from './private-chat.ts'
import { SIZE } from './routing/limits.ts'

/** RetroShare's own limit for the names of identities. */
const MAX_NICK_CHARS = 30

/** Source: docs/retroshare.md. */
export const RETROSHARE_LIMITS: LobbyLimits = {
  maxTextBytes: SIZE.textBytes,
  maxPrivateTextBytes: MAX_PRIVATE_BYTES,
  maxNickChars: MAX_NICK_CHARS,
  maxNickBytes: MAX_IDENTITY_NICK_BYTES,
}
