/** The table of what the server and the accounts on it answer; everything else is `service-unavailable`. */
import { NS } from '../../stanza/ns.ts'
import type { BlockLists } from '../block-lists.ts'
import type { UploadSlots } from '../upload-port.ts'
import { carbons, legacySession, ping, time, version } from './basics.ts'
import { BLOCKING, block, blocklist, unblock } from './blocking.ts'
import { accountInfo, accountItems, type ServiceItem, serverInfo, serverItems } from './disco.ts'
import { type IqService, type IqServices, serviceKey } from './iq-service.ts'
import type { Pep } from './pep.ts'
import { privateXml } from './private-xml.ts'
import { type RosterOptions, roster } from './roster.ts'
import { slotRequest, uploadInfo } from './upload.ts'
import { hiddenVcard, ownVcard } from './vcard.ts'

/** What the services need to know. */
export interface ServicesOptions {
  readonly services: () => readonly ServiceItem[]
  readonly version: string
  /** What users do to their own accounts. */
  readonly register: IqService
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Services at the server's domain. */
export function serverServices({ services, version: text, register, now }: ServicesOptions): IqServices {
  return table(
    [NS.discoInfo, 'query', serverInfo(SERVER_FEATURES)],
    [NS.discoItems, 'query', serverItems(services)],
    [NS.ping, 'ping', ping],
    [NS.version, 'query', version(text)],
    [NS.register, 'query', register],
    [NS.time, 'time', time(now)],
    [NS.session, 'session', legacySession],
  )
}

/** What the services of accounts share. */
export interface AccountServicesOptions extends RosterOptions {
  readonly pep: Pep
  readonly lists: BlockLists
  /** What users do to their own accounts. */
  readonly register: IqService
  /** An id that was not there before. */
  readonly newId: () => string
}

/** Services at a user's own bare address. */
export function accountServices({
  sessions,
  rosters,
  contacts,
  pep,
  lists,
  register,
  newId,
}: AccountServicesOptions): IqServices {
  const blocking = { sessions, lists, contacts, newId }
  return table(
    [NS.discoInfo, 'query', accountInfo(ACCOUNT_FEATURES)],
    [NS.discoItems, 'query', accountItems],
    [NS.ping, 'ping', ping],
    [NS.roster, 'query', roster({ sessions, rosters, contacts })],
    [NS.privateXml, 'query', privateXml(pep)],
    [NS.register, 'query', register],
    [NS.vcard, 'vCard', ownVcard],
    [NS.pubsub, 'pubsub', (request) => pep.serve(request)],
    [NS.pubsubOwner, 'pubsub', (request) => pep.serveOwner(request)],
    [NS.carbons, 'enable', carbons(sessions, true)],
    [NS.carbons, 'disable', carbons(sessions, false)],
    [BLOCKING, 'blocklist', blocklist(blocking)],
    [BLOCKING, 'block', block(blocking)],
    [BLOCKING, 'unblock', unblock(blocking)],
    [NS.session, 'session', legacySession],
  )
}

/** What others may ask of a user's bare address; who is not there answers the same. */
export function foreignServices(pep: Pep): IqServices {
  return table([NS.pubsub, 'pubsub', (request) => pep.serveOthers(request)], [NS.vcard, 'vCard', hiddenVcard])
}

/** Services at the address that files are uploaded to. */
export function uploadServices(slots: UploadSlots): IqServices {
  return table(
    [NS.discoInfo, 'query', uploadInfo(slots)],
    [NS.discoItems, 'query', serverItems(() => [])],
    [NS.upload, 'request', slotRequest(slots)],
    [NS.ping, 'ping', ping],
  )
}

const SERVER_FEATURES: readonly string[] = [
  NS.discoInfo,
  NS.discoItems,
  NS.ping,
  NS.register,
  NS.version,
  NS.time,
  NS.carbons,
  BLOCKING,
  'urn:xmpp:carbons:rules:0',
  // poezio looks for it here, and else has no bookmarks.
  NS.privateXml,
]

const ACCOUNT_FEATURES: readonly string[] = [
  NS.discoInfo,
  NS.discoItems,
  NS.ping,
  NS.privateXml,
  NS.vcard,
  `${NS.bookmarks}#compat`,
  NS.pubsub,
  ...[
    'access-open',
    'access-presence',
    'access-whitelist',
    'auto-create',
    'config-node',
    'config-node-max',
    'create-and-configure',
    'create-nodes',
    'delete-items',
    'delete-nodes',
    'filtered-notifications',
    'item-ids',
    'last-published',
    'meta-data',
    'multi-items',
    'persistent-items',
    'publish',
    'publish-options',
    'purge-nodes',
    'retract-items',
    'retrieve-default',
    'retrieve-items',
  ].map((feature) => `${NS.pubsub}#${feature}`),
]

const table = (...rows: readonly (readonly [string, string, IqService])[]): IqServices =>
  new Map(rows.map(([namespace, name, service]) => [serviceKey(namespace, name), service]))
