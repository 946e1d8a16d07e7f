/** How XMPP users are reached: those of the embedded server's domain by it, everybody else through the component. */
import type { Element, PreparedStanza } from '../stanza/xml.ts'
import type { Component } from '../xmpp/component/component.ts'
import type { XmppServer } from '../xmpp/server.ts'

/** Sending never fails: what reaches nobody comes back as an error, or is known by other means. */
export interface XmppSide {
  /** Full or bare address. */
  send(to: string, stanza: Element): void
  /** One serialisation to many sessions. */
  fanout(stanza: PreparedStanza, to: readonly string[]): void
  /** Whether a message to this account (bare) would be delivered, or kept by its own server, now. */
  isReachable(account: string): boolean
}

/** The sides there are; each may be null, not both. */
export interface XmppSides {
  readonly server: Pick<XmppServer, keyof XmppSide> | null
  /** The embedded server's. */
  readonly serverDomain: string | undefined
  readonly component: Pick<Component, 'send' | 'fanout' | 'isUp'> | null
}

/** All sides as one. */
export function xmppSide({ server, serverDomain, component }: XmppSides): XmppSide {
  const outside: XmppSide | null = component && {
    send: (to, stanza) => component.send(to, stanza),
    fanout: (stanza, to) => component.fanout(stanza, to),
    isReachable: () => component.isUp,
  }
  if (!server || !outside) return server ?? outside ?? NOWHERE
  const sideOf = (address: string): XmppSide => (domainOf(address) === serverDomain ? server : outside)
  return {
    send: (to, stanza) => sideOf(to).send(to, stanza),
    fanout: (stanza, to) => {
      const inside = to.filter((full) => domainOf(full) === serverDomain)
      if (inside.length > 0) server.fanout(stanza, inside)
      if (inside.length < to.length)
        outside.fanout(
          stanza,
          inside.length === 0 ? to : to.filter((full) => domainOf(full) !== serverDomain),
        )
    },
    isReachable: (account) => sideOf(account).isReachable(account),
  }
}

const NOWHERE: XmppSide = { send: () => {}, fanout: () => {}, isReachable: () => false }

/** The domain in a normalised address. */
export function domainOf(address: string): string {
  const slash = address.indexOf('/')
  const bare = slash === -1 ? address : address.slice(0, slash)
  return bare.slice(bare.indexOf('@') + 1)
}
