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
  /** After somebody joined, every speaker has been heard within so much a participant, */
  greetEachMs: 1_000,
  /** but never later than this: 10 s are allowed, 2 s are for the way. */
  greetMs: 8_000,
  /** Two JOINED of one lobby are at least this far apart; a speaker entering between is made known by KEEP_ALIVE. */
  joinedGapMs: 1_000,
  /** Lists are pushed this often: RetroShare forgets a listing after 60 s. */
  listMs: 50_000,
  /** Lists are asked for this often, as RetroShare does while it sees none, so that new lobbies show soon. */
  askMs: 20_000,
  /** A listing is forgotten after this time: one push of a list and 16 s for what is late. */
  listingMs: 66_000,
  /** A speaker's typing is told at most this often; RetroShare shows it for 5 s. */
  typingMs: 5_000,
  /** What was written this long before a link was found dead may be lost; slowest detection seen is 141 s. */
  lossMs: 150_000,
  /** What a friend read this long before a question that it answered it may not have dealt with: its chat works in ticks. */
  unhandledMs: 1_000,
  /** Messages are sent again to a returning friend up to this age: 200 s under `maxAgeMs` for clocks and the way. */
  replayMs: 900_000,
  /** A friend counts 10 s in whole seconds, so up to 11 s; 1 s is for ways of unequal length. */
  paceMs: 12_000,
  /** A message of others that is older counts as repeated: it makes place for what is new. */
  lateMs: 30_000,
  /** Our own flood rule counts exactly. */
  floodMs: 10_000,
  /** Whoever is the only author that a friend brings for so long may have all the places. */
  aloneMs: 60_000,
  /** Keep-alives rely on a number of participants that was told up to so long ago. */
  vouchMs: 10_000,
  /** A message that may not go yet waits at most until it is so old: 60 s under `maxAgeMs`, */
  heldMs: 1_040_000,
  /** and a keep-alive for so long. */
  keepAliveHeldMs: 60_000,
  /** Who would have to wait longer for the way out may not speak now. */
  mostWaitMs: 30_000,
  /** A place that was booked for a message is free again after this time. */
  bookedMs: 60_000,
  /** A private lobby is asked for at most this often, */
  challengeMs: 15_000,
  /** so much later than the item that made it due, for the item has to get there first, */
  challengeDelayMs: 5_000,
  /** with an item younger than this, */
  challengeAgeMs: 30_000,
  /** which the other end may know for so long. */
  challengeKnownMs: 35_000,
  /** Time counts as one item each so many milliseconds towards the next challenge. */
  challengeTickMs: 10_000,
} as const

/** RetroShare's flood rule: new items in 10 s. */
export const FLOOD = {
  least: 10,
  /** Above that: so many for so many participants. */
  perParticipants: 100,
  participants: 120,
  /** What we take from one friend in one lobby, whatever number of participants is listed. */
  most: 1_000,
  /** One author can have so many parts of the places, but always `least`. */
  authorShare: 0.75,
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
  /** Own items of one lobby that wait for their signature; and messages admitted that are not said yet. */
  unsigned: 1_000,
  /** Messages of others that wait for one friend in one lobby. */
  heldMessages: 512,
  /** Arrivals and farewells that wait there; and keep-alives. */
  heldEvents: 2_000,
  /** Ids of a private lobby's newest items, by which challenges are recognised. */
  challengeIds: 256,
  /** A private lobby is asked for after more than so many items. */
  challengeItems: 20,
  /** Challenges that one friend may send at once; each second gives it one more. */
  challenges: 50,
  /** Identities that are banned. */
  banned: 10_000,
  /** Friends whose lobbies are ignored. */
  ignored: 10_000,
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
