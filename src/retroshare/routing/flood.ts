/** RetroShare's flood rule, as friends apply it to us and we to them. Source: docs/retroshare.md §6.8, docs/routing.md. */
import type { FriendId } from '../../util/ids.ts'
import type { BouncedItem } from '../wire/item.ts'
import { FLOOD, TIMING } from './limits.ts'
import { authorLimit, floodLimit } from './rate.ts'
import { type JoinedLobby, population, type Router, trafficWith } from './state.ts'

/** What friends take from us: our own lists tell them how many participants there are. */
export const ourLimit = (lobby: JoinedLobby): number => floodLimit(population(lobby))

/**
 * Whether one more new item of a friend is taken; it counts if so. In sum as RetroShare does it, with a ceiling. What it
 * takes in any lobby is one author's too; beyond that there is a limit for each author that is not the only one.
 */
export function mayTake(
  router: Router,
  lobby: JoinedLobby,
  friend: FriendId,
  item: BouncedItem,
  nowMs: number,
): boolean {
  const { author } = item
  const traffic = trafficWith(lobby, friend)
  const { inflow, voice } = traffic
  if (voice.author !== author)
    traffic.voice = { author, changedMs: voice.author === null ? voice.changedMs : nowMs }
  const taken = inflow.size(nowMs)
  if (taken > FLOOD.least) {
    const limit = theirLimit(router, lobby)
    if (taken > limit) return false
    const isAlone = nowMs - traffic.voice.changedMs > TIMING.aloneMs
    const most = Math.max(FLOOD.least + 1, authorLimit(limit))
    if (!isAlone && taken >= most && inflow.countOf(author) >= most) return false
  }
  inflow.add(item, nowMs)
  return true
}

/** RetroShare goes by what friends list, and by the participants that it knows where nobody does. */
function theirLimit(router: Router, lobby: JoinedLobby): number {
  const listed = router.directory.participants(lobby.id)
  return Math.min(floodLimit(listed > 0 ? listed : population(lobby)), FLOOD.most)
}
