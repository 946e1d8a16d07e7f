// Takes the pictures of the presence map in docs/ from three gateways that run, with people who talk:
// npm run build && npx tsx test/pictures/map.ts
import { setTimeout as wait } from 'node:timers/promises'
import type { Locator, Page } from 'playwright-core'
import type { PresenceMap } from '../../src/gateway/status.ts'
import { openBrowser } from '../support/browser.ts'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { XmppUser } from '../support/xmpp-user.ts'

const TOKEN = 'open-sesame'
/** Round trips are measured meanwhile. */
const TALK_SEC = 60
const LINES = ['Good morning!', 'Who has the key?', 'It is under the mat.', 'Thank you.', 'See you later.']

const picture = (of: Page | Locator, name: string): Promise<Buffer> =>
  of.screenshot({ path: `docs/${name}.png` })

const lobbyIn = (map: PresenceMap, id: string) => map.networks[0]?.lobbies.find((lobby) => lobby.id === id)
const roomOf = async (foyer: FoyerProcess, id: string): Promise<string> =>
  lobbyIn(await foyer.mapWhen<PresenceMap>((map) => lobbyIn(map, id) !== undefined), id)?.room ?? ''

const browser = await openBrowser()
const start = (name: string) => FoyerProcess.start({ FOYER_RETROSHARE__NAME: name })
const [here, alices, bobs] = await Promise.all([start('Foyer'), start("Alice's node"), start("Bob's node")])
const users: XmppUser[] = []
const enter = async (foyer: FoyerProcess, nick: string, ...lobbies: string[]) => {
  const user = await XmppUser.login(foyer.ports.c2s)
  users.push(user)
  const rooms: string[] = []
  for (const lobby of lobbies) {
    rooms.push(await roomOf(foyer, lobby))
    await user.join(rooms.at(-1) ?? '', nick)
  }
  return { user, rooms }
}

try {
  await befriend(here, alices)
  await befriend(here, bobs)
  const make = (foyer: FoyerProcess, name: string, topic: string, ...more: string[]) =>
    foyer.cli('lobby', 'create', name, '--topic', topic, ...more)
  const library = await make(alices, 'Library', 'Books, read and unread')
  const garden = await make(bobs, 'Garden', 'What grows where')
  const harbour = await make(alices, 'Harbour', 'Ships that come in')
  await make(bobs, 'Attic', 'Old things')
  const people = [
    await enter(here, 'Nora', library, garden),
    await enter(here, 'Pia', library, harbour),
    await enter(alices, 'Alice', library, harbour),
    await enter(alices, 'Omar', library),
    await enter(bobs, 'Bob', garden, library),
  ]
  await here.mapWhen<PresenceMap>((map) => map.rooms.some(({ occupants }) => occupants.length === 5))

  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
  const address = `http://127.0.0.1:${here.ports.http}/`
  await page.goto(address)
  for (let i = 0; i < TALK_SEC; i++) {
    const { user, rooms } = people[i % people.length] as (typeof people)[number]
    await user.say(rooms[i % rooms.length] ?? '', LINES[i % LINES.length] ?? '')
    await wait(1000)
  }

  await picture(page, 'map')
  await picture(page.locator('.plots'), 'map-plots')
  await picture(page.locator('.graph'), 'map-graph')
  await page.setViewportSize({ width: 1200, height: 760 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.evaluate('scrollTo(0, document.querySelector(".scroll").offsetTop - 16)')
  await picture(page, 'map-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 390, height: 844 })
  await page.evaluate('scrollTo(0, 0)')
  await picture(page, 'map-phone')
  await page.setViewportSize({ width: 1200, height: 900 })
  await page.getByRole('searchbox').fill('omar')
  await page.locator('main > section').last().scrollIntoViewIfNeeded()
  await picture(page.locator('main > section').last(), 'map-search')
  await page.getByRole('searchbox').fill('')

  await bobs.stop()
  await page.getByRole('alert').getByText('not heard since').waitFor()
  await picture(page.getByRole('alert'), 'map-wrong')

  await Promise.all([users[0]?.quit(), users[1]?.quit()])
  await here.stop()
  await here.start({ FOYER_HTTP__TOKEN: TOKEN })
  users.push(await XmppUser.login(here.ports.c2s))
  await users.at(-1)?.join(people[0]?.rooms[0] ?? '', 'Nora')
  await page.goto(`${address}?token=${TOKEN}`)
  await page.getByRole('button', { name: 'Mute Omar in Library' }).click()
  await page.getByText('muted here').waitFor()
  await page.setViewportSize({ width: 1200, height: 800 })
  await page.evaluate('scrollTo(0, document.querySelector(".scroll").offsetTop - 16)')
  await picture(page, 'map-operator')
} finally {
  await Promise.all(users.map((user) => user.quit()))
  await browser.close()
  await Promise.all([here, alices, bobs].map((foyer) => foyer.dispose()))
}
