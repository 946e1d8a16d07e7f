/** The fields of a room's configuration form, each with how it is read and judged. XEP-0045 §10.2, §16.5.3. */

import { type FieldOption, type FormField, readBoolean } from '../stanza/data-form.ts'
import { fail, ok, type Result } from '../util/result.ts'
import {
  MAX_DESCRIPTION_CHARS,
  MAX_HISTORY,
  MAX_NAME_CHARS,
  MAX_OCCUPANTS,
  MAX_SLOW_MODE_SECONDS,
} from './limits.ts'
import type { Role, RoomConfig, RoomSettings } from './room-state.ts'

/** What is wrong with a value, in words. */
export type FieldError = string

export interface ConfigField {
  readonly name: string
  readonly type: string
  readonly label: string
  readonly options?: readonly FieldOption[]
  readonly range?: FormField['range']
  read(config: RoomConfig): readonly string[]
  /** The settings that these values mean. */
  write(values: readonly string[]): Result<RoomSettings, FieldError>
}

export const booleanValue = (claim: boolean): string => (claim ? '1' : '0')

type KeyOf<T> = { [K in keyof RoomConfig]: RoomConfig[K] extends T ? K : never }[keyof RoomConfig]
type Key<T> = KeyOf<T> & keyof RoomConfig

function flag(name: string, label: string, key: Key<boolean>): ConfigField {
  return {
    name,
    type: 'boolean',
    label,
    read: (config) => [booleanValue(config[key] as boolean)],
    write(values) {
      const value = readBoolean(values)
      return value === undefined ? fail('expected 1 or 0') : ok({ [key]: value })
    },
  }
}

function line(name: string, label: string, key: 'name' | 'description' | 'lang', max: number): ConfigField {
  const isLong = key === 'description'
  return {
    name,
    type: 'text-single',
    label,
    read: (config) => [config[key]],
    write(values) {
      const text = values.join(isLong ? '\n' : ' ').trim()
      if (text.length > max) return fail(`expected ${max} characters at most`)
      if (key === 'lang' && !/^([a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*)?$/.test(text))
        return fail('expected a language tag such as en or pt-BR')
      if (key === 'name' && text === '') return fail('expected a name')
      return ok({ [key]: text })
    },
  }
}

interface Choice<T extends string> {
  readonly key: 'whois' | 'privateMessages'
  readonly labels: Readonly<Record<T, string>>
}

function choice<T extends string>(name: string, label: string, { key, labels }: Choice<T>): ConfigField {
  const options = Object.entries<string>(labels).map(([value, text]) => ({ value, label: text }))
  return {
    name,
    type: 'list-single',
    label,
    options,
    read: (config) => [config[key]],
    write(values) {
      const [value = ''] = values
      return values.length === 1 && Object.hasOwn(labels, value)
        ? ok({ [key]: value })
        : fail(`expected one of ${Object.keys(labels).join(', ')}`)
    },
  }
}

const ROLE_OPTIONS: readonly FieldOption[] = [
  { value: 'moderator', label: 'Moderators' },
  { value: 'participant', label: 'Participants' },
  { value: 'visitor', label: 'Visitors' },
]

function roles(name: string, label: string, key: 'shownRoles' | 'memberListRoles'): ConfigField {
  return {
    name,
    type: 'list-multi',
    label,
    options: ROLE_OPTIONS,
    read: (config) => config[key],
    write(values) {
      const isKnown = values.every((value) => ROLE_OPTIONS.some((option) => option.value === value))
      const inOrder = ROLE_OPTIONS.map(({ value }) => value).filter((value) => values.includes(value))
      return isKnown ? ok({ [key]: inOrder as Role[] }) : fail('expected moderator, participant or visitor')
    },
  }
}

/** Whole numbers, or `none` for the most. */
function count(
  name: string,
  label: string,
  rule: {
    readonly key: 'maxUsers' | 'maxHistory' | 'slowModeSeconds'
    readonly min: number
    readonly max: number
  },
): ConfigField {
  const { key, min, max } = rule
  const isList = key === 'maxUsers'
  const write = (values: readonly string[]): Result<RoomSettings, FieldError> => {
    const [value = ''] = values
    if (isList && (value === 'none' || value === '')) return ok({ [key]: max })
    const number = /^\d{1,6}$/.test(value) ? Number(value) : -1
    return number >= min && number <= max
      ? ok({ [key]: number })
      : fail(`expected a number from ${min} to ${max}${isList ? ', or none' : ''}`)
  }
  const shown = (config: RoomConfig): string => (isList && config[key] === max ? 'none' : String(config[key]))
  return isList
    ? { name, type: 'list-single', label, options: USER_OPTIONS, read: (config) => [shown(config)], write }
    : { name, type: 'text-single', label, range: { min, max }, read: (config) => [shown(config)], write }
}

const USER_OPTIONS: readonly FieldOption[] = [
  ...[10, 20, 50, 100, 200, 500, 1000].map((n) => ({ value: String(n), label: String(n) })),
  { value: 'none', label: 'No limit of its own' },
]

/** All fields that are plain settings, in the order in which they are shown. Passwords take two fields of their own. */
export const CONFIG_FIELDS: readonly ConfigField[] = [
  line('muc#roomconfig_roomname', 'Name', 'name', MAX_NAME_CHARS),
  line('muc#roomconfig_roomdesc', 'Description', 'description', MAX_DESCRIPTION_CHARS),
  line('muc#roomconfig_lang', 'Language', 'lang', 35),
  flag('muc#roomconfig_persistentroom', 'Stays when everybody has left', 'isPersistent'),
  flag('muc#roomconfig_publicroom', 'Is listed', 'isPublic'),
  flag('muc#roomconfig_membersonly', 'Only members enter', 'isMembersOnly'),
  flag('muc#roomconfig_allowinvites', 'Everybody may invite', 'canOccupantsInvite'),
  flag('muc#roomconfig_moderatedroom', 'Only those with voice speak', 'isModerated'),
  flag('muc#roomconfig_allowvoicerequests', 'Visitors may ask for voice', 'hasVoiceRequests'),
  flag('muc#roomconfig_changesubject', 'Everybody with voice sets the subject', 'canOccupantsSetSubject'),
  choice('muc#roomconfig_allowpm', 'Who may write private messages', {
    key: 'privateMessages',
    labels: {
      anyone: 'Everybody',
      participants: 'Those with voice',
      moderators: 'Moderators',
      none: 'Nobody',
    },
  }),
  choice('muc#roomconfig_whois', 'Who sees the addresses of XMPP users', {
    key: 'whois',
    labels: { moderators: 'Moderators', anyone: 'Everybody' },
  }),
  roles('muc#roomconfig_presencebroadcast', 'Whose presence is shown', 'shownRoles'),
  roles('muc#roomconfig_getmemberlist', 'Who may read the lists of members', 'memberListRoles'),
  count('muc#roomconfig_maxusers', 'XMPP occupants at most', { key: 'maxUsers', min: 1, max: MAX_OCCUPANTS }),
  count('muc#maxhistoryfetch', 'Messages of history at most', {
    key: 'maxHistory',
    min: 0,
    max: MAX_HISTORY,
  }),
  flag('muc#roomconfig_enablelogging', 'Messages are archived', 'isLogged'),
  count('muc#roomconfig_slow_mode_duration', 'Seconds between two messages of one user (0: no rule)', {
    key: 'slowModeSeconds',
    min: 0,
    max: MAX_SLOW_MODE_SECONDS,
  }),
  flag('muc#roomconfig_forwardmentions', 'Mentions reach those who stay while away', 'forwardsMentions'),
]
