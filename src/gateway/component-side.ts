/** The gateway as a component of a host server: its users in the rooms, and what becomes of them when the link is lost. */
import type { Logger } from 'pino'
import type { OccupantRow, Store } from '../archive/store.ts'
import type { Jid } from '../stanza/jid.ts'
import type { Element } from '../stanza/xml.ts'
import { type Component, createComponent } from '../xmpp/component/component.ts'
import type { ComponentAddress } from '../xmpp/component/link.ts'
import type { FriendDesk } from './friend-desk.ts'
import { OccupantCheck } from './occupant-check.ts'
import { OutsideSessions } from './outside-sessions.ts'
import type { Rooms } from './rooms.ts'
import { SessionRecord } from './session-record.ts'
import { domainOf } from './xmpp-sides.ts'

/** After a longer absence nobody is put back: clients have noticed, and their users gone elsewhere. */
const MAX_ABSENCE_MS = 300_000
/** When the service was last known to run, in ms since 1970. */
const SEEN_AT = 'component seen at'

export interface ComponentSideOptions {
  readonly address: ComponentAddress
  /** Of the embedded server, if there is one: nobody else speaks for its users. */
  readonly serverDomain: string | undefined
  readonly rooms: Rooms
  readonly desk: FriendDesk
  readonly store: Pick<Store, 'occupants' | 'meta'>
  readonly log: Logger
  nowMs(): number
  /** Bare JIDs of the operators. */
  admins(): readonly string[]
  /** The host server can be reached. */
  onUp(): void
  onStanza(from: Jid, stanza: Element): void
  /** So many sessions were taken out of rooms because nobody was there. */
  onGhosts(cause: 'silent' | 'link_lost', count: number): void
}

/** A component whose users are in the rooms. */
export interface ComponentSide extends Component {
  /** Before everybody is told that the service ends. */
  retire(): Promise<void>
}

/** Reads who was in the rooms when the process ended last. */
export async function createComponentSide(options: ComponentSideOptions): Promise<ComponentSide> {
  const { address, serverDomain, rooms, desk, store, log, nowMs } = options
  const { domain } = address
  let hasWarned = false
  let known: readonly OccupantRow[] | undefined

  const warn = (): void => {
    if (hasWarned) return
    hasWarned = true
    log.warn({ code: 'XMPP_COMPONENT_FORGED' }, 'the host server speaks for users of our own server')
  }
  const write = (written: Promise<unknown>): void => {
    written.catch((error: unknown) => {
      log.error({ code: 'OCCUPANT_WRITE', err: error }, 'occupants not on record')
    })
  }

  const component = createComponent({
    address,
    log,
    random: Math.random,
    onStanza: (from, stanza) => {
      if (from.domain === serverDomain) {
        warn()
        return
      }
      if (check.takes(from, stanza)) return
      if (stanza.attrs.type !== 'error') check.heard(from.full)
      options.onStanza(from, stanza)
    },
    onUp: () => {
      if (known) restore(known)
      known = undefined
      check.askAll()
      options.onUp()
      for (const account of options.admins())
        if (domainOf(account) !== serverDomain) desk.onAvailable(account)
    },
    onMissed: () => options.onGhosts('link_lost', outside.loseAll()),
  })
  const outside = new OutsideSessions({
    rooms,
    domain,
    isOutside: (full) => domainOf(full) !== serverDomain,
    send: (to, stanza) => component.send(to, stanza),
  })
  const check = new OccupantCheck({
    domain,
    sessions: () => outside.all(),
    send: (to, stanza) => component.send(to, stanza),
    nowMs,
    onGone: (full) => {
      options.onGhosts('silent', rooms.memberships.roomsOf(full).length)
      rooms.onSessionEnded(full, 'session-unreachable')
      desk.onSessionEnded(full)
    },
    onUnsure: (full) => outside.probe(full),
    onRound: () => write(store.meta.set(SEEN_AT, String(nowMs()))),
  })
  const record = new SessionRecord({
    table: store.occupants,
    log,
    rowOf: (room, session) => outside.rowOf(room, session),
  })

  known = await store.occupants.all()
  const absentMs = nowMs() - Number((await store.meta.get(SEEN_AT)) ?? 0)
  rooms.onMembership = (room, session) => record.changed(room, session)
  rooms.onLeft = (room, account) => record.left(room, account)

  /** The record begins anew with those that are in then. */
  function restore(rows: readonly OccupantRow[]): void {
    if (rows.length > 0) write(store.occupants.clear())
    if (absentMs > MAX_ABSENCE_MS) outside.dismiss(rows)
    else outside.restore(rows)
  }

  return {
    ...component,
    start: () => {
      write(store.meta.set(SEEN_AT, String(nowMs())))
      check.start()
      component.start()
    },
    retire: () => record.close(component.isUp),
    stop: () => {
      check.stop()
      return component.stop()
    },
    get isUp() {
      return component.isUp
    },
    get problem() {
      return component.problem
    },
  }
}
