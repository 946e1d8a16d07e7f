// The presence map as tables, kept up to date by server-sent events.
const byId = (id) => document.getElementById(id)

/** An element with children; strings become text, never markup. */
function make(name, ...children) {
  const element = document.createElement(name)
  element.append(...children)
  return element
}

function table(headings, rows) {
  const head = make('tr', ...headings.map((heading) => make('th', heading)))
  const body = rows.map((cells) => make('tr', ...cells.map((cell) => make('td', cell ?? '-'))))
  const frame = make('div', make('table', make('thead', head), make('tbody', ...body)))
  frame.className = 'scroll'
  return frame
}

const time = (iso) => new Date(iso).toLocaleString()

/** What a friend shows of itself beside its name. The space is taken without a picture too, so that nothing moves. */
function friendCell({ name, avatar }) {
  const frame = make('span')
  frame.className = 'avatar'
  if (avatar !== null) {
    const image = new Image(24, 24)
    image.alt = `Picture of ${name}`
    image.src = avatar
    frame.append(image)
  }
  return make('span', frame, name)
}

function showNetwork(network) {
  const invitations = table(
    ['Invitation', 'Kind', 'Invited by', 'Room'],
    network.invitations.map((invitation) => [
      invitation.name,
      invitation.private ? 'private' : 'public',
      invitation.invitedBy.map(({ name }) => name).join(', '),
      make('code', invitation.room),
    ]),
  )
  return make(
    'article',
    make('h3', `${network.id}: ${network.self.name}`),
    make('p', 'Node ', make('code', network.self.id), ` at ${network.self.address}`),
    table(
      ['Friend', 'State', 'Since', 'Address', 'Round trip', 'Version'],
      network.friends.map((friend) => [
        friendCell(friend),
        friend.online ? (friend.status ?? 'online') : 'offline',
        time(friend.since),
        friend.address,
        friend.rttMs === null ? null : `${Math.round(friend.rttMs)} ms`,
        friend.version,
      ]),
    ),
    table(
      ['Lobby', 'Topic', 'Kind', 'Joined', 'People', 'Room'],
      network.lobbies.map((lobby) => [
        lobby.name,
        lobby.topic,
        lobby.private ? 'private' : 'public',
        lobby.joined ? 'yes' : 'no',
        String(lobby.participants),
        make('code', lobby.room),
      ]),
    ),
    ...(network.invitations.length > 0 ? [invitations] : []),
  )
}

function showRoom(room) {
  return make(
    'article',
    make('h3', room.name, ' ', make('code', room.jid)),
    table(
      ['Occupant', 'Side', 'Identity', 'Since'],
      room.occupants.map((occupant) => [
        occupant.nick,
        occupant.side === 'local' ? 'here' : occupant.muted ? 'in the lobby, muted here' : 'in the lobby',
        make('code', occupant.identity ?? '-'),
        time(occupant.since),
      ]),
    ),
  )
}

function show(map) {
  byId('state').textContent = `Version ${map.version}, as of ${time(map.at)}`
  byId('networks').replaceChildren(...map.networks.map(showNetwork))
  byId('rooms').replaceChildren(...map.rooms.map(showRoom))
  byId('problems').hidden = map.problems.length === 0
  byId('problems').replaceChildren(...map.problems.map((problem) => make('p', problem)))
}

const events = new EventSource('/api/events')
events.addEventListener('map', (event) => show(JSON.parse(event.data)))
events.addEventListener('error', () => {
  byId('state').textContent = 'The gateway does not answer; trying again.'
})
