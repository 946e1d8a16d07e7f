/** What is due at a time: expiry, keep-alives, lists. Source: docs/retroshare.md §6.5. */
import { challenge } from './challenges.ts'
import { TIMING } from './limits.ts'
import { keepAlive, nextKeepAliveMs } from './speakers.ts'
import { type JoinedLobby, type Step, send, tell, wakeBy } from './state.ts'
import { letGo } from './traffic.ts'
import { sendList, tellLobby } from './view.ts'

/** Does what is due, and has itself woken when the next is. */
export function keepHouse(step: Step): void {
  const { router, nowMs } = step
  router.wakeAtMs = Number.POSITIVE_INFINITY
  for (const id of router.directory.expire(nowMs)) tellLobby(step, id)
  for (const lobby of router.lobbies.values()) keepLobby(step, lobby)
  exchangeLists(step)
  wakeBy(step, router.directory.nextExpiryMs())
  wakeBy(step, Math.min(router.nextListMs, router.nextAskMs))
}

function keepLobby(step: Step, lobby: JoinedLobby): void {
  for (const participant of lobby.participants.expire(step.nowMs))
    tell(step, { kind: 'left', lobby: lobby.id, participant, reason: 'silent' })
  lobby.recent.prune(step.nowMs)
  keepAlive(step, lobby)
  letGo(step, lobby)
  challenge(step, lobby)
  wakeBy(step, lobby.participants.nextExpiryMs(step.nowMs))
  wakeBy(step, nextKeepAliveMs(lobby))
}

function exchangeLists(step: Step): void {
  const { router, nowMs } = step
  const isDue = nowMs >= router.nextListMs
  const isToAsk = nowMs >= router.nextAskMs
  for (const friend of router.up.keys()) {
    if (isDue) sendList(step, friend, false)
    if (isToAsk) send(step, friend, { kind: 'lobby-list-request' })
  }
  const isAlone = router.up.size === 0
  if (isDue) router.nextListMs = isAlone ? Number.POSITIVE_INFINITY : nowMs + TIMING.listMs
  if (isToAsk) router.nextAskMs = isAlone ? Number.POSITIVE_INFINITY : nowMs + TIMING.askMs
}
