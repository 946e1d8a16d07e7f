/** A room in memory and its lobby: events from both sides go in, effects go out to sessions and to the network. */
import { withPictures } from '../bridge/embedding.ts'
import { whoIsInvited } from '../bridge/invited.ts'
import { NickTable } from '../bridge/nicks.ts'
import { guestPolicy, networkPolicy, pacePolicy, toLobby } from '../bridge/to-lobby.ts'
import { describeLobby, type Pairing, toRoom } from '../bridge/to-room.ts'
import type { LobbyInfo, LobbyUpdate } from '../lobby/lobby.ts'
import { mayRead } from '../muc/access.ts'
import { isMemberOf } from '../muc/affiliation.ts'
import { messagesByHour, rateOf } from '../muc/message-rate.ts'
import { nickOf } from '../muc/records.ts'
import { createRoom, isQuiet, stateOf } from '../muc/room.ts'
import type { RoomEvent } from '../muc/room-port.ts'
import type { RoomConfig, RoomState } from '../muc/room-state.ts'
import { unkeptStays } from '../muc/staying.ts'
import { Jid, parseJid } from '../stanza/jid.ts'
import { errorReply } from '../stanza/stanza-error.ts'
import type { Element } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { HearingNews } from './hearing.ts'
import { addressesOf, occupantViews } from './occupant-views.ts'
import { OwnRequests } from './own-requests.ts'
import type { RoomParts, RoomSurroundings } from './room-parts.ts'
import { type OutwardEffect, RoomRunner } from './room-runner.ts'
import { occupantKey } from './secret.ts'
import type { GapsView, OccupantView, PresentView } from './status.ts'

export class LoadedRoom {
  readonly jid: string
  readonly #parts: RoomParts
  readonly #around: RoomSurroundings
  readonly #pairing: Pairing
  readonly #runner: RoomRunner
  readonly #requests = new OwnRequests()
  #lobby: LobbyInfo
  #subject: string
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  /** What was told of who cannot stay. */
  readonly #unkept = new Set<string>()
  /** When something was last asked of it. */
  usedAtMs: number

  constructor(parts: RoomParts, around: RoomSurroundings) {
    const { row, network, lobby } = parts
    const jid = new Jid(row.localpart, around.domain)
    this.jid = jid.bare
    this.usedAtMs = around.ports.env().nowMs
    this.#parts = parts
    this.#around = around
    this.#lobby = lobby
    this.#subject = row.subject
    this.#pairing = { lobby: lobby.id, nicks: new NickTable(parts.holders, around.hasOtherServers) }
    const room = createRoom(
      { jid, occupantKey: occupantKey(around.secret, row.localpart), isNew: parts.isNew },
      {
        ...networkPolicy(network.limits),
        ...pacePolicy({
          admit: (speaker) => network.admit(lobby.id, speaker),
          paceMs: () => network.paceMs(lobby.id),
        }),
        ...guestPolicy(around.isKept),
      },
      this.#description(),
      parts.state,
    )
    this.#runner = new RoomRunner(room, row.localpart, {
      ...around.ports,
      save: (write) => parts.save(write),
      perform: (effect) => this.#perform(effect),
      wakeAt: (atMs, wake) => this.#wakeAt(atMs, wake),
    })
    const deafSinceMs = around.hearing.row(row.localpart)?.deafSinceMs ?? null
    if (deafSinceMs !== null) this.#runner.dispatch({ kind: 'hearing', deafSinceMs })
    for (const participant of network.members(lobby.id))
      this.onUpdate({ kind: 'entered', lobby: lobby.id, participant })
    if (!parts.isNew) this.#hear(lobby.isHeard)
    this.#warnOfUnkept()
  }

  get localpart(): string {
    return this.#parts.row.localpart
  }

  get name(): string {
    return this.config.name
  }

  /** What is in force. */
  get config(): RoomConfig {
    return this.#runner.room.config
  }

  /** It exists for its creator only. */
  get isLocked(): boolean {
    return this.#runner.room.isLocked
  }

  /** What is kept of the room, but for what became of it. */
  get state(): Pick<RoomState, 'settings' | 'affiliations'> {
    return stateOf(this.#runner.room)
  }

  /** First holders of nicks. */
  get holders(): RoomParts['holders'] {
    return this.#pairing.nicks.holders
  }

  get lobby(): string {
    return this.#lobby.id
  }

  /** So much waits for the archive that nothing more should be let in. */
  get isCongested(): boolean {
    return this.#runner.isCongested
  }

  /** Nothing would be missed without it: the lobby is not joined, and nobody is here. */
  get isUnneeded(): boolean {
    const isJoined = this.#parts.network.lobby(this.#lobby.id)?.isJoined ?? false
    return !isJoined && isQuiet(this.#runner.room) && this.#runner.isIdle
  }

  /** Calls `tell` when all that came of the events up to now is carried out. */
  whenTold(tell: () => void): void {
    this.#runner.whenTold(tell)
  }

  dispatch(event: RoomEvent): void {
    this.usedAtMs = this.#nowMs
    this.#runner.dispatch(event)
  }

  /** Asks the room on behalf of a session, by a request that is ours: the answer comes here, and not to the session. */
  ask(from: Jid, payload: Element): Promise<Element> {
    return this.#requests.ask(from, this.jid, payload, (stanza) =>
      this.dispatch({ kind: 'stanza', from, stanza }),
    )
  }

  onUpdate(update: LobbyUpdate): void {
    const { pictures } = this.#around
    const { events, claims, pictures: shown } = toRoom(this.#pairing, update, pictures.urlOf)
    for (const picture of shown) pictures.store(picture)
    if (claims.length > 0) this.#parts.claim(claims)
    if (update.kind === 'said') this.#hear(true)
    for (const event of events) this.#runner.dispatch(event)
    if (update.kind === 'said') {
      this.#around.onMessage('in', (this.#nowMs - update.sentAtMs) / 1000)
      this.#parts.onSaid()
    }
  }

  /** Whether this session (full JID) is in the room. */
  hasSession(full: string): boolean {
    return this.#runner.room.sessions.has(full)
  }

  /** Full JIDs of all sessions in the room. */
  sessions(): Iterable<string> {
    return this.#runner.room.sessions.keys()
  }

  /** What others see of a session (full JID) in the room. */
  session(full: string): { readonly nick: string; readonly payload: readonly Element[] } | undefined {
    const session = this.#runner.room.sessions.get(full)
    return session && { nick: session.occupant.nick, payload: session.payload }
  }

  /** The nick that is kept for an account (bare JID), and whether it stays in the lobby while away. */
  registrationOf(account: string): { readonly nick: string; readonly isStaying: boolean } | undefined {
    const { room } = this.#runner
    const nick = nickOf(room, account)
    return nick === '' ? undefined : { nick, isStaying: room.staying.has(account) }
  }

  /** Whether this account (bare JID) may enter without more. */
  mayEnter(account: string): boolean {
    const jid = parseJid(account)
    return jid !== undefined && mayRead(this.#runner.room, jid)
  }

  /** Whether this account (bare JID) is member, admin or owner. */
  isMember(account: string): boolean {
    return isMemberOf(this.#runner.room, account)
  }

  /** The lobby, or who owns the room, changed. */
  describe(lobby: LobbyInfo = this.#lobby): void {
    if (lobby.name !== this.#lobby.name) this.#parts.update({ name: lobby.name })
    this.#lobby = lobby
    this.#runner.dispatch({ kind: 'described', description: this.#description() })
    this.#hear(lobby.isHeard)
    this.#warnOfUnkept()
  }

  /** The network knows nothing of the lobby any more. */
  loseLobby(): void {
    this.#hear(false)
  }

  /** When the lobby was not heard, for the presence map. */
  gaps(): GapsView {
    return this.#around.hearing.gaps(this.localpart)
  }

  countOccupants(): { readonly local: number; readonly remote: number } {
    const { occupants, participants } = this.#runner.room
    return { local: occupants.size - participants.size, remote: participants.size }
  }

  /** Occupants for the presence map; those of XMPP users with the identity that they speak with. */
  occupants(): OccupantView[] {
    return occupantViews(this.#runner.room, this.#parts.network.members(this.#lobby.id))
  }

  /** The same for operators, with addresses. */
  present(): PresentView[] {
    const addresses = (occupant: OccupantView) => addressesOf(this.#runner.room, occupant)
    return this.occupants().map((each) => ({ ...each, room: this.jid, addresses: addresses(each) }))
  }

  /** How many messages the room had, hour by hour. */
  messagesByHour(nowMs: number): number[] {
    return messagesByHour(rateOf(this.#runner.room, nowMs), nowMs)
  }

  /** 332 to everybody; resolves when that is sent. The last call: no timer is set any more. */
  async shutdown(): Promise<void> {
    this.#runner.dispatch({ kind: 'shutdown' })
    await this.#runner.idle()
    this.end()
  }

  /** It is no longer in memory. */
  end(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #description() {
    const { createdBy } = this.#parts.row
    const { admins, staysIn } = this.#around
    return describeLobby(
      this.#lobby,
      { createdBy, subject: this.#subject },
      admins(),
      staysIn(this.#lobby.id),
    )
  }

  /** Told once each: descriptions come often. */
  #warnOfUnkept(): void {
    for (const { account, reason } of unkeptStays(this.#runner.room)) {
      const told = `${account}: ${reason}`
      if (this.#unkept.has(told)) continue
      this.#unkept.add(told)
      this.#around.log.warn({ code: 'STAY_NOT_KEPT', room: this.localpart, account, reason }, 'does not stay')
    }
  }

  #wakeAt(atMs: number, wake: () => void): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    this.#timer = setTimeout(wake, Math.max(0, atMs - this.#nowMs))
  }

  get #nowMs(): number {
    return this.#around.ports.env().nowMs
  }

  /** Archive ids are the microseconds in which messages came. */
  #onLocalSaid(ref: ArchiveId): void {
    const seconds = (this.#nowMs - Number(ref) / 1000) / 1000
    this.#around.onMessage('local', seconds)
    this.#around.onMessage('out', seconds)
  }

  #hear(isHeard: boolean): void {
    this.#tell(this.#around.hearing.note(this.localpart, isHeard))
  }

  #tell(news: HearingNews | undefined): void {
    if (news) this.#runner.dispatch(news)
  }

  #invite({
    from,
    isOwner,
    address,
    stanza,
    invitation,
  }: Extract<OutwardEffect, { kind: 'local-invited' }>): void {
    const { network } = this.#parts
    const invited = whoIsInvited(address, this.#around.domain, isOwner, {
      friend: (id) => network.friend(id),
      isReachable: (account) => this.#around.isReachable(account),
    })
    if (!invited.ok) this.#around.send(from, errorReply(stanza, { by: this.jid, ...invited.error }))
    else if (invited.value.kind === 'user') this.#around.send(address, invitation)
    else network.send({ kind: 'invite', lobby: this.#lobby.id, friend: invited.value.id })
  }

  #perform(effect: OutwardEffect): void {
    switch (effect.kind) {
      case 'send':
        if (!this.#requests.takes(effect.stanza)) this.#around.send(effect.to, effect.stanza)
        return
      case 'fanout':
        this.#around.fanout(effect.stanza, effect.to)
        return
      case 'burst':
        for (const stanza of effect.stanzas) this.#around.fanout(stanza, [effect.to])
        return
      case 'local-invited':
        this.#invite(effect)
        return
      case 'closed':
        this.end()
        this.#parts.close(effect.tombstone)
        return
      case 'subject-changed':
        this.#subject = effect.subject
        this.#parts.update({ subject: effect.subject })
        break
      case 'local-said':
        this.#onLocalSaid(effect.ref)
        this.#parts.onSaid()
        break
      case 'mentioned':
        this.#around.mail(effect.account, effect.stanza)
        return
      case 'local-away':
      case 'local-left':
        this.#parts.onLeft(effect.account)
        this.#around.onPresence()
        break
      case 'local-entered':
      case 'local-renamed':
        this.#around.onPresence()
        break
      case 'lobby-missed':
        this.#tell(this.#around.hearing.miss(this.localpart, effect.atMs))
        return
      case 'gap-told':
        this.#around.hearing.told(this.localpart, effect)
        this.#around.onPresence()
        return
      case 'gap-untold':
        this.#tell(this.#around.hearing.untold(this.localpart, effect.fromMs))
        return
      case 'local-typing':
        break
    }
    const { network } = this.#parts
    for (const command of toLobby(this.#pairing, effect, this.#around.isKept))
      network.send(withPictures(command, this.#around.pictures.stored, network.limits.maxTextBytes))
  }
}
