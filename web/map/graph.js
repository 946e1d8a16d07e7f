// Friends and lobbies as a picture: a line says that a friend takes part in a lobby.
import { h } from '/lib/preact/preact.mjs'
import { count } from './words.js'

/** Of each side; the rest is in the tables. */
const MAX_NODES = 24
const ROW = 34
const BOX = { width: 220, height: 26 }
const WIDTH = 760
const MAX_CHARS = 26

export function Graph({ network }) {
  const lobbies = network.lobbies.slice(0, MAX_NODES)
  const friends = network.friends.slice(0, MAX_NODES)
  if (friends.length === 0 || lobbies.length === 0) return null
  const rows = Math.max(friends.length, lobbies.length)
  const y = (i, of) => ((i + 0.5) * rows * ROW) / of
  const placeOf = new Map(friends.map(({ id, online }, i) => [id, { y: y(i, friends.length), online }]))
  const [left, right] = [BOX.width, WIDTH - BOX.width]
  const lines = lobbies.flatMap((lobby, i) =>
    lobby.friends.flatMap((id) => {
      const from = placeOf.get(id)
      if (from === undefined) return []
      const to = y(i, lobbies.length)
      const path = `M${left},${from.y}C${WIDTH / 2},${from.y} ${WIDTH / 2},${to} ${right},${to}`
      return [h('path', { key: `${id} ${lobby.id}`, d: path, class: from.online ? 'good' : 'off' })]
    }),
  )
  const sizes = [count(friends.length, 'friend'), count(lobbies.length, 'lobby'), count(lines.length, 'line')]
  const label = `${sizes[0]} on the left, ${sizes[1]} on the right, ${sizes[2]} between them. The tables below say the same.`
  return h('figure', { class: 'graph' }, [
    // No picture to screen readers: its boxes are links.
    h('svg', { viewBox: `0 0 ${WIDTH} ${rows * ROW}`, role: 'group', 'aria-label': label }, [
      h('g', { 'aria-hidden': 'true' }, lines),
      ...friends.map(({ id, name, online }, i) =>
        h(Box, {
          key: `friend-${id}`,
          x: 0,
          y: y(i, friends.length),
          name,
          href: `#friend-${id}`,
          kind: online ? 'good' : 'off',
        }),
      ),
      ...lobbies.map(({ id, name, joined }, i) =>
        h(Box, {
          key: `lobby-${id}`,
          x: right,
          y: y(i, lobbies.length),
          name,
          href: `#lobby-${id}`,
          kind: joined ? 'good' : 'off',
        }),
      ),
    ]),
    h('figcaption', {}, [
      'Friends (left) and the lobbies in which they take part (right). Dashed: offline, or not joined.',
      shownOf(friends, network.friends, 'friend'),
      shownOf(lobbies, network.lobbies, 'lobby'),
    ]),
  ])
}

const shownOf = (shown, all, word) =>
  shown.length < all.length ? ` ${shown.length} of ${count(all.length, word)} are shown.` : null

function Box({ x, y, name, href, kind }) {
  const text = name.length > MAX_CHARS ? `${name.slice(0, MAX_CHARS - 1)}…` : name
  return h('a', { href, class: kind }, [
    h('title', {}, name),
    h('rect', { x: x + 1, y: y - BOX.height / 2, width: BOX.width - 2, height: BOX.height, rx: 6 }),
    h('text', { x: x + BOX.width / 2, y: y + 5, 'text-anchor': 'middle' }, text),
  ])
}
