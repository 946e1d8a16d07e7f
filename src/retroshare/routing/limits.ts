/** Times, sizes and bounds of the lobby router. Sources: docs/retroshare.md §6.5, §6.9; reasons: docs/routing.md. */
import { LOBBY_FLAG } from '../wire/item.ts'

/** All in milliseconds. */
export const TIMING = {
  /** An item id is remembered this long after it was last seen. */
  seenMs: 1_200_000,
  /** Items older than this are dropped, */
  maxAgeMs: 1_100_000,
  /** and items from further ahead than this. */
  maxAheadMs: 600_000,
  /** A participant not heard of for this long is gone. */
  silenceMs: 180_000,
  /** Each speaker lets itself be heard this often. */
  keepAliveMs: 120_000,
  /** After somebody joined, every speaker has been heard within this time (10 s are allowed, 2 s are for the way). */
  greetMs: 8_000,
  /** Two JOINED of one lobby are at least this far apart; a speaker entering between is made known by KEEP_ALIVE. */
  joinedGapMs: 1_000,
  /** Lists are pushed and asked for this often: RetroShare forgets a listing after 60 s. */
  listMs: 50_000,
  /** A listing is forgotten after this time: one exchange of lists and 16 s for a late answer. */
  listingMs: 66_000,
  /** A speaker's typing is told at most this often; RetroShare shows it for 5 s. */
  typingMs: 5_000,
  /** What was written this long before a link was found dead may be lost; slowest detection seen is 141 s. */
  lossMs: 150_000,
  /** What was queued this long before a question that was answered may have been written after it: it is less urgent. */
  overtakenMs: 2_000,
  /** Messages are sent again to a returning friend up to this age: 200 s under `maxAgeMs` for clocks and the way. */
  replayMs: 900_000,
} as const

/** What RetroShare drops silently above. */
export const SIZE = {
  textBytes: 31_000,
  itemBytes: 32_000,
  /** Entries of a list that are read. */
  listEntries: 50,
} as const

/** What bounds memory. */
export const BOUND = {
  joinedLobbies: 1_000,
  /** Per lobby, as are the next four. */
  seenIds: 262_144,
  participants: 10_000,
  speakers: 5_000,
  recentMessages: 256,
  recentBytes: 1_048_576,
  /** Own items of one lobby that wait for their signature. */
  unsigned: 1_000,
  /** Lobbies that one friend can make visible. */
  listingsPerFriend: 100,
  /** Pending invitations. */
  invitations: 200,
  /** Characters kept of a foreign lobby's name and topic. */
  nameChars: 256,
  topicChars: 1_024,
} as const

/** The lobby flags that lists and comparisons keep. */
export const KEPT_FLAGS = LOBBY_FLAG.public | LOBBY_FLAG.signed
