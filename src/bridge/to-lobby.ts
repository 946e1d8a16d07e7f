/** From the room to its lobby: what local occupants do becomes commands, and what it cannot carry is refused. */
import { fittingNick } from '../lobby/fitting-nick.ts'
import type { LobbyCommand, LobbyLimits } from '../lobby/lobby.ts'
import type { RoomEffect, RoomPolicy } from '../muc/room-port.ts'
import { utf8 } from '../util/bytes.ts'
import type { SpeakerId } from '../util/ids.ts'
import { isPoisonous, normalizeText, textToLobby } from './text.ts'
import type { Pairing } from './to-room.ts'
import { wording } from './wording.ts'

/** The speaker for an account (bare JID) under a nick: the same in every lobby and after a restart. */
export const speakerId = (account: string, nick: string): SpeakerId => `${account}/${nick}` as SpeakerId

/** The nick in it, which the lobby may have cut. */
export const nickOfSpeaker = (speaker: SpeakerId): string => speaker.slice(speaker.indexOf('/') + 1)

/**
 * What an effect means to the lobby; effects that are not bound for it give nothing. `isKept` tells whether the
 * identity of an account (bare JID) outlives the process: that of a guest does not.
 */
export function toLobby(
  { lobby, nicks }: Pairing,
  effect: RoomEffect,
  isKept: (account: string) => boolean,
): LobbyCommand[] {
  switch (effect.kind) {
    case 'local-entered': {
      const { account, nick } = effect
      nicks.localEntered(nick)
      return [{ kind: 'enter', lobby, speaker: speakerId(account, nick), nick, isKept: isKept(account) }]
    }
    case 'local-left':
      nicks.localLeft(effect.nick)
      return [{ kind: 'exit', lobby, speaker: speakerId(effect.account, effect.nick) }]
    case 'local-renamed': {
      const { account, oldNick, nick } = effect
      nicks.localLeft(oldNick)
      nicks.localEntered(nick)
      return [
        { kind: 'exit', lobby, speaker: speakerId(account, oldNick) },
        { kind: 'enter', lobby, speaker: speakerId(account, nick), nick, isKept: isKept(account) },
      ]
    }
    case 'local-said': {
      const speaker = speakerId(effect.account, effect.nick)
      const text = textToLobby(wording(effect.body, effect.manner))
      return text === '' ? [] : [{ kind: 'say', lobby, speaker, text, ref: effect.ref }]
    }
    case 'local-typing':
      return [{ kind: 'typing', lobby, speaker: speakerId(effect.account, effect.nick) }]
    case 'subject-changed':
      return [{ kind: 'set-topic', lobby, topic: normalizeText(effect.subject).replace(/\s+/g, ' ') }]
    default:
      return []
  }
}

/** Refuses aloud what would come too fast for the network. Both are as in `LobbyNetwork`, of the room's lobby. */
export const pacePolicy = ({
  admit,
  paceMs,
}: {
  readonly admit: (speaker: SpeakerId) => number
  readonly paceMs: () => number
}): Pick<RoomPolicy, 'admits' | 'paceMs'> => ({
  paceMs,
  admits(account, nick) {
    const waitMs = admit(speakerId(account, nick))
    if (waitMs === 0) return undefined
    if (waitMs === Number.POSITIVE_INFINITY)
      return {
        type: 'auth',
        condition: 'forbidden',
        text: 'The lobby takes signed identities only, and this gateway does not sign those of its users there.',
      }
    const seconds = Math.ceil(waitMs / 1000)
    return {
      type: 'wait',
      condition: 'policy-violation',
      text: `More than the lobby takes at a time; try again in ${seconds} s.`,
    }
  },
})

/** Nobody can register a nick for later who is somebody else at the next login. `isKept` is as in `toLobby`. */
export const guestPolicy = (
  isKept: (account: string) => boolean,
): Pick<RoomPolicy, 'refusesRegistration'> => ({
  refusesRegistration: (account) =>
    isKept(account)
      ? undefined
      : {
          type: 'cancel',
          condition: 'not-allowed',
          text: 'Guests are somebody else at each login, so that no nickname can be kept for them.',
        },
})

/** Refuses aloud what a network with these limits would drop silently. */
export function networkPolicy(
  limits: LobbyLimits,
): Pick<RoomPolicy, 'refusesText' | 'refusesNick' | 'fittingNick'> {
  return {
    fittingNick: (nick) => fittingNick(nick, limits),
    refusesText(body, manner) {
      const size = utf8(textToLobby(wording(body, manner))).length
      if (size <= limits.maxTextBytes) return undefined
      return {
        type: 'modify',
        condition: 'policy-violation',
        text: `The lobby takes messages of up to ${limits.maxTextBytes} bytes; this one has ${size}.`,
      }
    },
    refusesNick(nick) {
      const [chars, bytes] = [[...nick].length, utf8(nick).length]
      const text =
        chars > limits.maxNickChars
          ? `The lobby takes nicks of up to ${limits.maxNickChars} characters; this one has ${chars}.`
          : bytes > limits.maxNickBytes
            ? `The lobby takes nicks of up to ${limits.maxNickBytes} bytes; this one has ${bytes}.`
            : isPoisonous(nick)
              ? 'The lobby drops everything that is said under this nick.'
              : undefined
      return text === undefined ? undefined : { type: 'modify', condition: 'not-acceptable', text }
    },
  }
}
