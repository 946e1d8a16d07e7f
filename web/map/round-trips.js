// Round-trip times of friends since the page was opened.

/** One sample is kept each so many seconds, and so many of them: one hour. */
const EVERY_SEC = 5
const MAX_SAMPLES = 720

export class RoundTrips {
  #times = []
  /** Name and samples by friend. */
  #friends = new Map()

  /** Takes the times that a map shows. */
  add(map) {
    const now = Math.floor(Date.parse(map.at) / 1000)
    if (now - (this.#times.at(-1) ?? 0) < EVERY_SEC) return
    this.#times.push(now)
    const isFull = this.#times.length > MAX_SAMPLES
    if (isFull) this.#times.shift()
    for (const { id, name, rttMs } of map.networks.flatMap(({ friends }) => friends)) {
      const friend = this.#friends.get(id) ?? { samples: Array(this.#times.length - 1).fill(null) }
      this.#friends.set(id, friend)
      friend.name = name
      friend.next = rttMs
    }
    for (const friend of this.#friends.values()) {
      friend.samples.push(friend.next ?? null)
      friend.next = null
      if (isFull) friend.samples.shift()
    }
  }

  /** Times in seconds since 1970, and of each friend that ever answered its samples in milliseconds. */
  get series() {
    const lines = [...this.#friends.values()]
      .filter(({ samples }) => samples.some((sample) => sample !== null))
      .map(({ name, samples }) => ({ name, values: samples }))
    return { times: this.#times, lines }
  }
}
