/** What may change while the gateway runs: read anew from each configuration that is taken over. */
import type { Config } from '../config.ts'
import type { LobbyId } from '../util/ids.ts'

const NOBODY: ReadonlyMap<string, string> = new Map()

export class LiveSettings {
  #config: Config
  #stays: ReadonlyMap<string, ReadonlyMap<string, string>>

  constructor(config: Config) {
    this.#config = config
    this.#stays = staysOf(config)
  }

  take(config: Config): void {
    this.#config = config
    this.#stays = staysOf(config)
  }

  /** Bare JIDs that own every room. */
  get admins(): readonly string[] {
    return this.#config.xmpp.admins
  }

  /** Whether an account (bare JID) may make rooms. */
  mayMakeRooms(account: string): boolean {
    return this.#config.xmpp.roomCreation === 'everybody' || this.admins.includes(account)
  }

  /** Where people read how the service is when it is down. */
  get statusUrls(): readonly string[] {
    return this.#config.xmpp.statusUrls
  }

  /** How long messages are kept, in ms; 0 for ever. */
  get retentionMs(): number {
    return this.#config.archive.retentionMs
  }

  /** Friends whose invitations to lobbies are followed without being asked. */
  get acceptInvites(): NonNullable<Config['retroshare']>['acceptInvites'] {
    return this.#config.retroshare?.acceptInvites ?? []
  }

  /** Accounts (bare JIDs) that stay in the lobby while away, and their nicks. */
  staysIn(lobby: LobbyId): ReadonlyMap<string, string> {
    return this.#stays.get(lobby) ?? NOBODY
  }
}

const staysOf = ({ retroshare }: Config): ReadonlyMap<string, ReadonlyMap<string, string>> =>
  new Map(
    Object.entries(retroshare?.staying ?? {}).map(([lobby, nicks]) => [
      lobby,
      new Map(Object.entries(nicks)),
    ]),
  )
