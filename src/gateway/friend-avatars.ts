/** Pictures of friends: judged once each, for clients and for the map. */
import { type Avatar, readAvatar } from '../bridge/avatar.ts'
import type { FriendInfo } from '../lobby/lobby.ts'
import type { Pictures } from './pictures.ts'

export class FriendAvatars {
  readonly #pictures: Pictures
  /** By what the friend sent; null for what cannot be shown. */
  readonly #judged = new WeakMap<Uint8Array, Avatar | null>()

  constructor(pictures: Pictures) {
    this.#pictures = pictures
  }

  /** Undefined when the friend has no picture, or none that can be shown. */
  of({ avatar: sent }: Pick<FriendInfo, 'avatar'>): Avatar | undefined {
    if (sent === null) return undefined
    const known = this.#judged.get(sent)
    if (known !== undefined) return known ?? undefined
    const avatar = readAvatar(sent)
    this.#judged.set(sent, avatar ?? null)
    return avatar
  }

  /** Where a browser finds it; undefined without a picture, or when no pictures are stored. */
  urlOf(friend: Pick<FriendInfo, 'avatar'>): string | undefined {
    const avatar = this.of(friend)
    return avatar && this.#pictures.keep(avatar)
  }
}
