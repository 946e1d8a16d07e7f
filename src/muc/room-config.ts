/** What is true of a room: what its owners have set, and else what its lobby and the gateway say. XEP-0045 §10. */
import { MAX_HISTORY, MAX_OCCUPANTS } from './limits.ts'
import type { RoomDescription } from './room-port.ts'
import type { RoomConfig, RoomSettings } from './room-state.ts'

/** Settings that are in force. */
export function configOf(settings: RoomSettings, description: RoomDescription): RoomConfig {
  const isMembersOnly = settings.isMembersOnly ?? description.isMembersOnly
  return {
    name: description.name,
    description: description.description,
    lang: '',
    isPersistent: true,
    isPublic: description.isPublic,
    isMembersOnly,
    isModerated: false,
    password: '',
    maxUsers: MAX_OCCUPANTS,
    canOccupantsSetSubject: false,
    canOccupantsInvite: !isMembersOnly,
    whois: 'moderators',
    maxHistory: MAX_HISTORY,
    slowModeSeconds: 0,
    shownRoles: ['moderator', 'participant', 'visitor'],
    isLogged: true,
    privateMessages: 'anyone',
    memberListRoles: isMembersOnly ? ['moderator', 'participant', 'visitor'] : ['moderator'],
    hasVoiceRequests: true,
    forwardsMentions: true,
    thumbnail: '',
    background: '',
    ...settings,
  }
}
