/** What answers the REST calls of the Ethora chat component: rooms, and files of accounts of the embedded server. */
import { roomsFor } from '../muc/service.ts'
import { type EthoraDesk, EthoraRest } from '../ops/ethora-rest.ts'
import { Jid } from '../stanza/jid.ts'
import type { AllowsOrigin } from '../util/host-header.ts'
import type { XmppServer } from '../xmpp/server.ts'
import type { Rooms } from './rooms.ts'
import type { Uploads } from './uploads.ts'

export interface EthoraDeskOptions {
  readonly rooms: Pick<Rooms, 'listed'>
  /** Null: nobody logs in here. */
  readonly server: Pick<XmppServer, 'accountWith'> | null
  readonly serverDomain: string | undefined
  /** Null takes no files. */
  readonly uploads: { readonly slots: Uploads } | null
}

/** HTTP status of what cannot be stored. */
const TOO_LARGE = 413
const LATER = 429
const NOT_TAKEN = 503

/** The calls, answered for this gateway to pages of these origins. */
export const ethoraRest = (options: EthoraDeskOptions, allowsOrigin: AllowsOrigin): EthoraRest =>
  new EthoraRest(ethoraDesk(options), allowsOrigin)

const ethoraDesk = ({ rooms, server, serverDomain, uploads }: EthoraDeskOptions): EthoraDesk => ({
  rooms(account) {
    const user =
      account === undefined || serverDomain === undefined ? undefined : new Jid(account, serverDomain).bare
    return roomsFor(user, rooms.listed()).map(({ localpart, name, description, thumbnail, isOpen }) => ({
      name: localpart,
      title: name,
      description,
      picture: thumbnail || 'none',
      type: isOpen ? 'public' : 'group',
    }))
  },
  logIn: async ({ name, password, address }) => server?.accountWith(name, password, address),
  async store(account, { name, bytes }) {
    if (!uploads || serverDomain === undefined) return { status: NOT_TAKEN }
    const jid = new Jid(account, serverDomain)
    const answer = await uploads.slots.put(
      { account: jid, isGuest: false, filename: name, size: bytes.length },
      bytes,
    )
    if (answer.kind === 'slot') return { url: answer.url }
    return { status: answer.kind === 'too-large' ? TOO_LARGE : LATER }
  },
})
