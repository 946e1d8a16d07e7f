/** What may change while the gateway runs: read anew from each configuration that is taken over. */
import type { Config } from '../config.ts'

export class LiveSettings {
  #config: Config

  constructor(config: Config) {
    this.#config = config
  }

  take(config: Config): void {
    this.#config = config
  }

  /** Bare JIDs that own every room. */
  get admins(): readonly string[] {
    return this.#config.xmpp.admins
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
}
