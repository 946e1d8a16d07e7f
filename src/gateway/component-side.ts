/** The gateway as a component of a host server: its users in the rooms, and what becomes of them when the link is lost. */
import type { Logger } from 'pino'
import type { Jid } from '../stanza/jid.ts'
import type { Element } from '../stanza/xml.ts'
import { type Component, createComponent } from '../xmpp/component/component.ts'
import type { ComponentAddress } from '../xmpp/component/link.ts'
import type { FriendDesk } from './friend-desk.ts'
import type { Rooms } from './rooms.ts'
import { domainOf } from './xmpp-sides.ts'

export interface ComponentSideOptions {
  readonly address: ComponentAddress
  /** Of the embedded server, if there is one: nobody else speaks for its users. */
  readonly serverDomain: string | undefined
  readonly rooms: Rooms
  readonly desk: FriendDesk
  readonly log: Logger
  /** Bare JIDs of the operators. */
  admins(): readonly string[]
  onStanza(from: Jid, stanza: Element): void
}

export function createComponentSide(options: ComponentSideOptions): Component {
  const { address, serverDomain, desk, log } = options
  let hasWarned = false
  const warn = (): void => {
    if (hasWarned) return
    hasWarned = true
    log.warn({ code: 'XMPP_COMPONENT_FORGED' }, 'the host server speaks for users of our own server')
  }
  return createComponent({
    address,
    log,
    random: Math.random,
    onStanza: (from, stanza) => {
      if (from.domain === serverDomain) warn()
      else options.onStanza(from, stanza)
    },
    onUp: () => {
      for (const account of options.admins())
        if (domainOf(account) !== serverDomain) desk.onAvailable(account)
    },
    onMissed: () => {},
  })
}
