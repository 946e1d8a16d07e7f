// Starts Converse.js against this gateway's own WebSocket: one click, and the room list is there.
const ADJECTIVES = ['Quiet', 'Bright', 'Early', 'Kind', 'Merry', 'Patient', 'Swift', 'Wise']
const ANIMALS = ['Badger', 'Crane', 'Dormouse', 'Finch', 'Heron', 'Lynx', 'Otter', 'Wren']
const pick = (list) => list[Math.floor(Math.random() * list.length)]

const entrance = document.getElementById('entrance')
const nickField = document.getElementById('nick')
const problem = document.getElementById('problem')

nickField.value = localStorage.getItem('foyer-nick') ?? `${pick(ADJECTIVES)} ${pick(ANIMALS)}`

document.getElementById('enter').addEventListener('submit', async (event) => {
  event.preventDefault()
  const nick = nickField.value.trim()
  if (nick === '') return
  localStorage.setItem('foyer-nick', nick)
  try {
    const settings = await (await fetch('/chat/settings.json')).json()
    if (settings.domain === null) throw new Error('this gateway offers chat to its own machine only')
    await enter(settings, nick)
    entrance.remove()
  } catch (error) {
    problem.textContent = `Cannot start the chat: ${error.message}`
  }
})

async function enter(settings, nick) {
  const { default: converse } = await import('/chat/converse/converse.min.js')
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const login = settings.anonymous
    ? { authentication: 'anonymous', auto_login: true, jid: settings.domain }
    : { authentication: 'login', default_domain: settings.domain, locked_domain: settings.domain }
  let api
  converse.plugins.add('foyer', {
    initialize() {
      api = this._converse.api
      // The list of rooms is what a newcomer looks for.
      api.listen.on('connected', () => {
        if (settings.anonymous) openRoomFromAddress(api, settings, nick)
      })
    },
  })
  await converse.initialize({
    ...login,
    assets_path: '/chat/converse/',
    websocket_url: `${scheme}://${location.host}/xmpp-websocket`,
    discover_connection_methods: false,
    view_mode: 'fullscreen',
    muc_domain: settings.mucDomain,
    nickname: nick,
    auto_register_muc_nickname: false,
    auto_away: 0,
    auto_reconnect: true,
    allow_registration: false,
    persistent_store: 'sessionStorage',
    show_desktop_notifications: false,
    whitelisted_plugins: ['foyer'],
    loglevel: 'warn',
  })
  await showRoomList(api)
}

/** `/chat/#room@domain` goes straight into a room. */
function openRoomFromAddress(api, settings, nick) {
  const room = decodeURIComponent(location.hash.slice(1))
  if (room.endsWith(`@${settings.mucDomain}`)) api.rooms.open(room, { nick }, true)
}

async function showRoomList(api) {
  await api.waitUntil('roomsPanelRendered').catch(() => undefined)
  if (location.hash === '') document.querySelector('.show-list-muc-modal')?.click()
}
