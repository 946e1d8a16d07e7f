// What is wrong, in words: what keeps the gateway from its work, and what an operator should look at. Pure.
import { clock, count, list, size } from './words.js'

/** Beyond these something is to be done; the alert rules in config/prometheus go by the same. */
const CLOCK_MS = 30_000
const DISK_BYTES = 2 ** 30

/** Sentences, the worst first; none when all is well. */
export const wrong = (map) => [
  ...map.problems,
  ...map.networks.flatMap(friendsAway),
  ...unheard(map.rooms),
  ...clockOff(map.networks),
  ...diskFull(map.diskFreeBytes),
]

const friendsAway = ({ id, friends }) =>
  friends.length > 0 && friends.every(({ online }) => !online)
    ? [`${id}: none of ${count(friends.length, 'friend')} is online, so the lobbies are cut off.`]
    : []

function unheard(rooms) {
  const deaf = rooms.filter(({ gaps }) => gaps.since !== null)
  if (deaf.length === 0) return []
  const since = deaf.map(({ gaps }) => gaps.since).sort()[0]
  const names = list(deaf.map(({ name }) => name))
  const are = deaf.length === 1 ? 'is' : 'are'
  return [
    `${count(deaf.length, 'lobby')} ${are} not heard since ${clock(since)}: ${names}. What is said there is missed.`,
  ]
}

/** The median, so that one friend's wrong clock does not count. */
function clockOff(networks) {
  const offsets = networks
    .flatMap(({ friends }) => friends)
    .filter(({ online, clockOffsetMs }) => online && clockOffsetMs !== null)
    .map(({ clockOffsetMs }) => clockOffsetMs)
    .sort((a, b) => a - b)
  const offsetMs = offsets[Math.floor(offsets.length / 2)] ?? 0
  if (Math.abs(offsetMs) <= CLOCK_MS) return []
  const sec = Math.round(Math.abs(offsetMs) / 1000)
  return [`This machine's clock is ${sec} s ${offsetMs > 0 ? 'behind' : 'ahead of'} those of its friends.`]
}

const diskFull = (bytes) =>
  bytes !== null && bytes < DISK_BYTES ? [`The disk has only ${size(bytes)} left.`] : []
