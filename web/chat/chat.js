// Starts Converse.js against this gateway's own WebSocket: one click on a room, and you are in.
const ADJECTIVES = ['Quiet', 'Bright', 'Early', 'Kind', 'Merry', 'Patient', 'Swift', 'Wise']
const ANIMALS = ['Badger', 'Crane', 'Dormouse', 'Finch', 'Heron', 'Lynx', 'Otter', 'Wren']
const pick = (list) => list[Math.floor(Math.random() * list.length)]
const byId = (id) => document.getElementById(id)

const nickField = byId('nick')
nickField.value = localStorage.getItem('foyer-nick') ?? `${pick(ADJECTIVES)} ${pick(ANIMALS)}`

const settings = await loadSettings()
if (settings) offerRooms(settings)
byId('enter').addEventListener('submit', (event) => {
  event.preventDefault()
  // `/chat/#room@domain` goes straight into a room.
  void enter(decodeURIComponent(location.hash.slice(1)))
})

async function loadSettings() {
  try {
    const loaded = await (await fetch('/chat/settings.json')).json()
    if (loaded.domain !== null) return loaded
    byId('problem').textContent = 'This gateway offers chat to its own machine only.'
  } catch (error) {
    byId('problem').textContent = `The gateway does not answer: ${error.message}`
  }
  return undefined
}

function offerRooms({ rooms }) {
  if (rooms.length === 0)
    byId('invitation').textContent = 'There is no room yet. Enter, and make one: Groupchats, Add groupchat.'
  byId('rooms').replaceChildren(
    ...rooms.map((room) => {
      const button = document.createElement('button')
      button.type = 'button'
      const people = document.createElement('span')
      people.textContent = `${room.occupants} in it`
      button.append(room.name, people)
      button.addEventListener('click', () => void enter(room.jid))
      const item = document.createElement('li')
      item.append(button)
      return item
    }),
  )
}

let isEntering = false

async function enter(room) {
  const nick = nickField.value.trim()
  if (!settings || nick === '' || isEntering) return
  isEntering = true
  localStorage.setItem('foyer-nick', nick)
  byId('problem').textContent = 'Opening the chat…'
  try {
    await startConverse(nick, room)
    byId('entrance').remove()
  } catch (error) {
    byId('problem').textContent = `Cannot start the chat: ${error.message}. Reload the page to try again.`
  }
}

async function startConverse(nick, room) {
  // Its own one shows pictures from elsewhere; first come, first defined.
  customElements.define('converse-footer', class extends HTMLElement {})
  const { default: converse } = await import('/chat/converse/converse.min.js')
  converse.plugins.add('foyer', {
    initialize() {
      const { api } = this._converse
      const enter = () => {
        if (room.endsWith(`@${settings.mucDomain}`)) void api.rooms.open(room, { nick }, true)
        else void showRoomList(this._converse)
      }
      api.listen.on('connected', enter)
      // After a lost connection a guest is somebody new, who is in no room.
      if (settings.anonymous) api.listen.on('reconnected', enter)
    },
  })
  const login = settings.anonymous
    ? { authentication: 'anonymous', auto_login: true, jid: settings.domain }
    : { authentication: 'login', default_domain: settings.domain, locked_domain: settings.domain }
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  await converse.initialize({
    ...login,
    assets_path: '/chat/converse/',
    websocket_url: `${scheme}://${location.host}/xmpp-websocket`,
    discover_connection_methods: false,
    view_mode: 'fullscreen',
    muc_domain: settings.mucDomain,
    locked_muc_domain: 'hidden',
    nickname: nick,
    auto_register_muc_nickname: false,
    auto_reconnect: true,
    // Nor would it come back for the place of the guest it was.
    enable_smacks: !settings.anonymous,
    allow_registration: false,
    persistent_store: 'sessionStorage',
    show_desktop_notifications: false,
    // A lobby is read by everybody in it: there is nothing to encrypt to.
    blacklisted_plugins: ['converse-omemo', 'converse-omemo-views'],
    whitelisted_plugins: ['foyer'],
    loglevel: 'warn',
  })
}

async function showRoomList({ api, state }) {
  await api.waitUntil('chatBoxesFetched')
  const model = state.chatboxes.get('controlbox')
  model.set('muc_domain', settings.mucDomain)
  api.modal.show('converse-muc-list-modal', { model })
}
