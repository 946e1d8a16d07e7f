/** The lobby router: one event in, effects out. It knows RetroShare's rules and nothing of links or keys. */
import { ban, heed, ignore, restoreBarred, unban } from './barred.ts'
import { takeControl } from './control.ts'
import { friendDown, friendRead, friendRemoved, friendUp } from './friends.ts'
import { keepHouse } from './housekeeping.ts'
import { takeBounced } from './incoming.ts'
import { create, decline, invite, join, leave, restore, restoreInvitations, setTopic } from './lobbies.ts'
import { takeSigned } from './outgoing.ts'
import type { RouterEffect, RouterEnv, RouterEvent } from './router-port.ts'
import { enter, exit, say, stop, type } from './speakers.ts'
import { note, type Router, type Step } from './state.ts'

/** Applies one event to the router and returns what is to be done, in order. */
export function stepRouter(router: Router, event: RouterEvent, env: RouterEnv): RouterEffect[] {
  const step: Step = { router, env, nowMs: env.nowMs, effects: [] }
  const wakeAtMs = event.kind === 'wake' ? Number.POSITIVE_INFINITY : router.wakeAtMs
  apply(step, event)
  if (router.wakeAtMs < wakeAtMs) step.effects.push({ kind: 'wake', atMs: router.wakeAtMs })
  return step.effects
}

function apply(step: Step, event: RouterEvent): void {
  const { router } = step
  switch (event.kind) {
    case 'bounced':
      takeBounced(step, event)
      return
    case 'control':
      takeControl(step, event.friend, event.item)
      return
    case 'signed':
      takeSigned(step, event.token, { item: event.item, raw: event.raw })
      return
    case 'sign-failed':
      takeSigned(step, event.token, 'failed')
      return
    case 'wake':
      keepHouse(step)
      return
    case 'say':
      say(step, router.lobbies.get(event.lobby), event)
      return
    case 'expect': {
      const lobby = router.lobbies.get(event.lobby)
      if (lobby) lobby.expected = event.count
      return
    }
    case 'friend-up':
      friendUp(step, event.friend)
      return
    case 'friend-down':
      friendDown(step, event.friend)
      return
    case 'friend-read':
      friendRead(step, event.friend, event.sentAtMs)
      return
    case 'friend-removed':
      friendRemoved(step, event.friend)
      return
    case 'restore':
      if (event.barred) restoreBarred(step, event.barred)
      restore(step, event.lobbies)
      restoreInvitations(step, event.invitations ?? [])
      return
    case 'create':
      create(step, event)
      return
    case 'join':
      join(step, event.lobby)
      return
    case 'leave':
      leave(step, event.lobby)
      return
    case 'set-topic':
      setTopic(step, event.lobby, event.topic)
      return
    case 'invite':
      invite(step, event.lobby, event.friend)
      return
    case 'decline':
      decline(step, event.lobby)
      return
    case 'speaker-enter':
      speakerEnters(step, event)
      return
    case 'speaker-exit':
    case 'typing':
      speakerActs(step, event)
      return
    case 'ban':
      ban(step, event.participant)
      return
    case 'unban':
      unban(step, event.participant)
      return
    case 'ignore':
      ignore(step, event.friend)
      return
    case 'heed':
      heed(step, event.friend)
      return
    case 'shutdown':
      stop(step)
      return
  }
}

function speakerEnters(step: Step, event: Extract<RouterEvent, { kind: 'speaker-enter' }>): void {
  join(step, event.lobby)
  const lobby = step.router.lobbies.get(event.lobby)
  if (lobby) enter(step, lobby, event)
}

function speakerActs(step: Step, event: Extract<RouterEvent, { kind: 'speaker-exit' | 'typing' }>): void {
  const lobby = step.router.lobbies.get(event.lobby)
  if (!lobby) {
    note(step, 'LOBBY_UNKNOWN', null, event.lobby)
    return
  }
  if (event.kind === 'typing') type(step, lobby, event.speaker)
  else exit(step, lobby, event.speaker)
}
