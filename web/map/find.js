// The search box: which rows of the map hold all words of a question. Pure.

/** The map with only what matches, its networks marked `isFound`; the whole map for an empty question. */
export function find(map, question) {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return map
  const has = (...texts) => {
    const text = texts.join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  }
  return {
    ...map,
    networks: map.networks.map((network) => ({
      ...network,
      isFound: true,
      friends: network.friends.filter(({ name, id, address, version }) => has(name, id, address, version)),
      lobbies: network.lobbies.filter(({ name, topic, id, room }) => has(name, topic, id, room)),
      invitations: network.invitations.filter(({ name, topic, id, room }) => has(name, topic, id, room)),
      banned: network.banned.filter((id) => has(id)),
    })),
    rooms: map.rooms.flatMap((room) => {
      if (has(room.name, room.jid, room.lobby)) return [room]
      const occupants = room.occupants.filter(({ nick, identity, occupantId }) =>
        has(room.name, nick, identity, occupantId),
      )
      return occupants.length > 0 ? [{ ...room, occupants }] : []
    }),
  }
}
