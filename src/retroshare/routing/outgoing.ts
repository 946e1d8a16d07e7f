/** Own items: made, signed elsewhere, and let go in the order in which they were made. Source: docs/routing.md. */

import { toHex } from '../../util/bytes.ts'
import type { LobbyId, SpeakerId } from '../../util/ids.ts'
import type { BouncedItem } from '../wire/item.ts'
import { bounce } from './bounce.ts'
import { BOUND } from './limits.ts'
import type { Replay } from './recent-messages.ts'
import type { NotSentCode, SignToken } from './router-port.ts'
import { type JoinedLobby, note, type Speaker, type Step, send, tell, type Unsigned } from './state.ts'
import { flush } from './traffic.ts'

/** What the author decides of an item; the rest is filled in. `atMs`: when it was said or happened. */
export type Draft = { readonly text: string; readonly atMs: number } & (
  | { readonly kind: 'lobby-message' }
  | { readonly kind: 'lobby-event'; readonly event: number }
)

/** Asks for the signature of a new item; false when too many wait already. */
export function sign(
  step: Step,
  lobby: JoinedLobby,
  speaker: Speaker,
  { draft, ref }: { readonly draft: Draft; readonly ref: string | null },
): boolean {
  if (lobby.outbox.length >= BOUND.unsigned) {
    note(step, 'SIGN_QUEUE_FULL', null, lobby.id)
    return false
  }
  const token = step.router.nextToken++
  const said = ref === null ? null : { speaker: speaker.id, ref }
  lobby.outbox.push({ token, said, answer: null })
  step.router.signing.set(token, lobby)
  step.effects.push({ kind: 'sign', token, item: fillIn(step, lobby, speaker, draft) })
  return true
}

function fillIn(step: Step, lobby: JoinedLobby, speaker: Speaker, { atMs, ...draft }: Draft): BouncedItem {
  const common = {
    lobby: lobby.id,
    messageId: toHex(step.env.randomBytes(8)),
    nick: speaker.nick,
    author: speaker.author,
    signature: new Uint8Array(),
    sentAtSec: Math.floor(atMs / 1000),
  }
  return draft.kind === 'lobby-event'
    ? { ...common, ...draft }
    : { ...common, ...draft, flags: MESSAGE_FLAGS, parent: '0000000000000000' }
}

/** LOBBY and PRIVATE; anything else breaks the signature at some receivers (docs/retroshare.md §6.3). */
const MESSAGE_FLAGS = 0x201

/** Takes the answer to a `sign`, and lets go what is no longer held back by an earlier item. */
export function takeSigned(step: Step, token: SignToken, answer: Replay | 'failed'): void {
  const lobby = step.router.signing.get(token)
  const waiting = lobby?.outbox.find((unsigned) => unsigned.token === token)
  if (!lobby || !waiting) return
  step.router.signing.delete(token)
  waiting.answer = answer
  for (let first = lobby.outbox[0]; first?.answer; first = lobby.outbox[0]) {
    lobby.outbox.shift()
    release(step, lobby, first)
  }
  if (lobby.isLeft) finishLeaving(step, lobby)
  if (step.router.isStopping) finishStopping(step)
}

function release(step: Step, lobby: JoinedLobby, { said, answer }: Unsigned): void {
  if (answer === null) return
  if (answer !== 'failed') {
    bounce(step, lobby, answer, null)
    return
  }
  note(step, 'SIGN_FAILED', null, lobby.id)
  if (said) tellNotSent(step, lobby.id, said, ['LOBBY_SIGN_FAILED', 'The message could not be signed.'])
}

/** Why a message is not sent: a stable code, and words for people. */
export type Refusal = readonly [NotSentCode, string]

export const tellNotSent = (
  step: Step,
  lobby: LobbyId,
  said: { readonly speaker: SpeakerId; readonly ref: string },
  [code, text]: Refusal,
): void => tell(step, { kind: 'not-sent', lobby, ...said, code, text })

/** Unsubscribes once the last LEFT is out, unless the lobby has been joined again meanwhile. */
export function finishLeaving(step: Step, lobby: JoinedLobby): void {
  if (lobby.outbox.length > 0 || step.router.lobbies.has(lobby.id)) return
  flush(step, lobby)
  for (const { friend } of lobby.online) send(step, friend, { kind: 'lobby-unsubscribe', lobby: lobby.id })
}

/** Reports that nothing waits for a signature any longer. */
export function finishStopping(step: Step): void {
  if (step.router.signing.size > 0) return
  for (const lobby of step.router.lobbies.values()) flush(step, lobby)
  step.effects.push({ kind: 'finished' })
}
