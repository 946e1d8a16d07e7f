/** The table of what the server and the accounts on it answer; everything else is `service-unavailable`. */
import { NS } from '../../stanza/ns.ts'
import { BLOCKING, blocklist, legacySession, ping, time, version } from './basics.ts'
import { accountInfo, accountItems, type ServiceItem, serverInfo, serverItems } from './disco.ts'
import { type IqService, type IqServices, serviceKey } from './iq-service.ts'
import { privateXml } from './private-xml.ts'
import { roster } from './roster.ts'
import { ownVcard } from './vcard.ts'

/** What the services need to know. */
export interface ServicesOptions {
  readonly services: () => readonly ServiceItem[]
  readonly version: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Services at the server's domain. */
export function serverServices({ services, version: text, now }: ServicesOptions): IqServices {
  return table(
    [NS.discoInfo, 'query', serverInfo([NS.discoInfo, NS.discoItems, NS.ping, NS.version, NS.time])],
    [NS.discoItems, 'query', serverItems(services)],
    [NS.ping, 'ping', ping],
    [NS.version, 'query', version(text)],
    [NS.time, 'time', time(now)],
    [NS.session, 'session', legacySession],
  )
}

/** Services at a user's own bare address. */
export function accountServices(): IqServices {
  return table(
    [NS.discoInfo, 'query', accountInfo([NS.discoInfo, NS.discoItems, NS.ping, NS.privateXml, NS.vcard])],
    [NS.discoItems, 'query', accountItems],
    [NS.ping, 'ping', ping],
    [NS.roster, 'query', roster],
    [NS.privateXml, 'query', privateXml],
    [NS.vcard, 'vCard', ownVcard],
    [BLOCKING, 'blocklist', blocklist],
    [NS.session, 'session', legacySession],
  )
}

const table = (...rows: readonly (readonly [string, string, IqService])[]): IqServices =>
  new Map(rows.map(([namespace, name, service]) => [serviceKey(namespace, name), service]))
