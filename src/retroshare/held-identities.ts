/** The identities of our people in lobbies: one for each holder, given back when no lobby needs it any longer. */
import type { LobbyId, ParticipantId, SpeakerId } from '../util/ids.ts'
import type { GxsIdentity } from './identity/gxs-identity.ts'

/**
 * Who holds the identity of a speaker: itself, and where it is linked a second one. Linking the first would tell everybody
 * to which profile it belongs that spoke in open lobbies, and friends would take it for unlinked until they fetched it anew.
 */
export const holderOf = (speaker: SpeakerId, isLinked: boolean): SpeakerId =>
  isLinked ? (`linked ${speaker}` as SpeakerId) : speaker

/** What it needs of the rest of the node. */
export interface HeldIdentitiesPort {
  /** No lobby needs the identity of this holder any longer. */
  drop(holder: SpeakerId): void
  /** Runs `work` after the effects of what was dispatched. */
  after(work: () => void): void
}

export class HeldIdentities {
  readonly #port: HeldIdentitiesPort
  readonly #identities = new Map<ParticipantId, GxsIdentity>()
  /** By holder. */
  readonly #identityOf = new Map<SpeakerId, ParticipantId>()
  /** Lobbies that need the identity of a holder, or are about to. */
  readonly #lobbiesOf = new Map<SpeakerId, Set<LobbyId>>()

  constructor(port: HeldIdentitiesPort) {
    this.#port = port
  }

  get(author: ParticipantId): GxsIdentity | undefined {
    return this.#identities.get(author)
  }

  add(holder: SpeakerId, identity: GxsIdentity): void {
    this.#identities.set(identity.id, identity)
    this.#identityOf.set(holder, identity.id)
  }

  hold(holder: SpeakerId, lobby: LobbyId): void {
    this.#lobbiesOf.set(holder, (this.#lobbiesOf.get(holder) ?? new Set()).add(lobby))
  }

  unhold(holder: SpeakerId, lobby: LobbyId): void {
    const lobbies = this.#lobbiesOf.get(holder)
    lobbies?.delete(lobby)
    if (lobbies?.size === 0) this.#lobbiesOf.delete(holder)
  }

  /** A holder without lobbies gives its identity back, after its last word has been signed. */
  release(holder: SpeakerId): void {
    this.#port.after(() => {
      const id = this.#identityOf.get(holder)
      if (!id || this.#lobbiesOf.has(holder)) return
      this.#identityOf.delete(holder)
      this.#identities.delete(id)
      this.#port.drop(holder)
    })
  }
}
