/** The configuration form of a room, and what one that comes back means: XEP-0045 §10.1.3 and §10.2, XEP-0004. */

import { type FormField, formElement, readBoolean, type SubmittedForm } from '../stanza/data-form.ts'
import { NS } from '../stanza/ns.ts'
import type { Element } from '../stanza/xml.ts'
import { fail, ok, type Result } from '../util/result.ts'
import { booleanValue, CONFIG_FIELDS, type FieldError } from './config-fields.ts'
import { MAX_PASSWORD_CHARS } from './limits.ts'
import type { Room } from './room.ts'
import { configOf } from './room-config.ts'
import type { LobbyWishes, RoomConfig, RoomSettings } from './room-state.ts'

const PROTECTED = 'muc#roomconfig_passwordprotectedroom'
const SECRET = 'muc#roomconfig_roomsecret'
const PRIVATE = 'foyer#private'
const SIGNED = 'foyer#signed'

/** What a submitted form asks for. */
export interface Submission {
  readonly settings: RoomSettings
  /** The lobby that a locked room shall get. */
  readonly wishes: LobbyWishes
}

/** The form with what is in force now. */
export function configForm(room: Room): Element {
  const { config } = room
  const fields: FormField[] = CONFIG_FIELDS.map(({ name, type, label, options, range, read }) => ({
    name,
    type,
    label,
    values: read(config),
    ...(options && { options }),
    ...(range && { range }),
  }))
  return formElement('form', NS.mucRoomConfig, [...fields, ...passwordFields(config), ...lobbyFields(room)], {
    title: `Configuration of ${config.name}`,
    instructions: room.isLocked
      ? 'The lobby is made with the room: a private one if the room is hidden, for members only or has a password.'
      : 'This is how the room is at this gateway. The lobby behind it stays as it is.',
  })
}

const passwordFields = ({ password }: RoomConfig): FormField[] => [
  {
    name: PROTECTED,
    type: 'boolean',
    label: 'A password is asked for',
    values: [booleanValue(password !== '')],
  },
  { name: SECRET, type: 'text-private', label: 'Password', values: [password] },
]

/** What the room's lobby is; of one that is yet to be made, what it shall be. */
function lobbyFields(room: Room): FormField[] {
  const { network, id, isPrivate, isSigned } = room.description.lobby
  const labels = {
    private: 'The lobby is private: not listed to strangers',
    signed: 'Only linked identities speak in the lobby',
  }
  if (room.isLocked)
    return [
      { name: PRIVATE, type: 'boolean', label: labels.private, values: [booleanValue(isPrivate)] },
      { name: SIGNED, type: 'boolean', label: labels.signed, values: [booleanValue(isSigned)] },
    ]
  const fixed = (name: string, label: string, value: string): FormField => ({
    name,
    type: 'fixed',
    label,
    values: [value],
  })
  return [
    fixed('foyer#network', 'Network of the lobby', network),
    fixed('foyer#lobby', 'Lobby', id),
    fixed(PRIVATE, labels.private, booleanValue(isPrivate)),
    fixed(SIGNED, labels.signed, booleanValue(isSigned)),
  ]
}

/** Judges a form of type submit. Fields that are left out stay as they are; unknown ones are left alone. */
export function readSubmission(room: Room, form: SubmittedForm): Result<Submission, FieldError> {
  let wanted: RoomSettings = {}
  for (const field of CONFIG_FIELDS) {
    const values = form.fields.get(field.name)
    if (!values) continue
    const read = field.write(values)
    if (!read.ok) return fail(`${field.name}: ${read.error}`)
    wanted = { ...wanted, ...read.value }
  }
  const password = readPassword(room.config, form)
  if (!password.ok) return password
  wanted = { ...wanted, ...password.value }
  const wishes = readWishes(room, form, wanted)
  if (!wishes.ok) return wishes
  // Clients send back fields that they do not know as they were: that one says 0 is no wish for a public lobby.
  if (!room.isLocked || wishes.value.isPrivate || !keepsOut(wanted))
    return ok({ settings: settled(room, wanted, wishes.value), wishes: wishes.value })
  const kept = { ...wishes.value, isPrivate: true }
  // Who enters is what the form says, not what a room for a private lobby would make of it.
  const { isPublic, isMembersOnly } = room.config
  return ok({ settings: settled(room, { isPublic, isMembersOnly, ...wanted }, kept), wishes: kept })
}

/** Whether such a room is for some only, who then are not to be overheard in a lobby that is open to the network. */
const keepsOut = ({ isMembersOnly, isPublic, password }: RoomSettings): boolean =>
  isMembersOnly === true || isPublic === false || (password !== undefined && password !== '')

function readPassword(config: RoomConfig, form: SubmittedForm): Result<RoomSettings, FieldError> {
  const values = form.fields.get(PROTECTED)
  const isProtected = values && readBoolean(values)
  if (values && isProtected === undefined) return fail(`${PROTECTED}: expected 1 or 0`)
  const secret = form.fields.get(SECRET)?.[0]
  if (secret !== undefined && secret.length > MAX_PASSWORD_CHARS)
    return fail(`${SECRET}: expected ${MAX_PASSWORD_CHARS} characters at most`)
  if (isProtected === false) return ok({ password: '' })
  const password = secret ?? config.password
  if (isProtected && password === '') return fail(`${SECRET}: expected a password`)
  return ok({ password })
}

function readWishes(room: Room, form: SubmittedForm, wanted: RoomSettings): Result<LobbyWishes, FieldError> {
  const facts = room.description.lobby
  const wishes = { isPrivate: facts.isPrivate, isSigned: facts.isSigned }
  for (const [name, key] of [
    [PRIVATE, 'isPrivate'],
    [SIGNED, 'isSigned'],
  ] as const) {
    const values = form.fields.get(name)
    if (!values || !room.isLocked) continue
    const value = readBoolean(values)
    if (value === undefined) return fail(`${name}: expected 1 or 0`)
    wishes[key] = value
  }
  return ok({ ...wishes, name: wanted.name ?? room.config.name })
}

/** Keeps what differs from what would be so anyway, so that the rest goes on following the lobby. */
function settled(room: Room, wanted: RoomSettings, wishes: LobbyWishes): RoomSettings {
  const description = room.isLocked
    ? { ...room.description, name: wishes.name, isPublic: !wishes.isPrivate, isMembersOnly: wishes.isPrivate }
    : room.description
  const now = configOf(room.settings, description)
  // Whether only members enter decides what else is so by itself.
  const { isMembersOnly = now.isMembersOnly } = wanted
  const base = isMembersOnly === now.isMembersOnly ? room.settings : { ...room.settings, isMembersOnly }
  const otherwise = configOf(base, description)
  const differing = Object.entries(wanted).filter(
    ([key, value]) => JSON.stringify(otherwise[key as keyof RoomConfig]) !== JSON.stringify(value),
  )
  return { ...base, ...Object.fromEntries(differing) }
}
