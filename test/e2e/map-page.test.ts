// The presence map in real Chromium, with two gateways that are friends and real traffic between them.
import { createServer } from 'node:net'
import { xml } from '@xmpp/client'
import type { Element } from '@xmpp/xml'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { XmppUser } from '../support/xmpp-user.ts'

interface MapView {
  networks: { friends: { online: boolean }[]; lobbies: { id: string; joined: boolean; room: string }[] }[]
}

const codesOf = (presence: Element): unknown[] =>
  presence
    .getChild('x', 'http://jabber.org/protocol/muc#user')
    ?.getChildren('status')
    .map(({ attrs }) => attrs.code) ?? []

const TOKEN = 'open-sesame'
/** A busy machine takes its time. */
const LIMIT = { timeout: 30_000 }

describeWith(['chromium'], 'the presence map', () => {
  let browser: Browser
  let gateway: FoyerProcess
  let other: FoyerProcess
  /** Asks for a token, and so lets who has it act. */
  let guarded: FoyerProcess
  let page: Page
  let nora: XmppUser
  let omar: XmppUser
  let room: string
  const row = (table: string, text: string) =>
    page.getByRole('table', { name: table }).getByRole('row').filter({ hasText: text })

  beforeAll(async () => {
    ;[browser, gateway, other, guarded] = await Promise.all([
      openBrowser(),
      FoyerProcess.start({ FOYER_RETROSHARE__NAME: 'Here' }),
      FoyerProcess.start({ FOYER_RETROSHARE__NAME: 'Elsewhere' }),
      FoyerProcess.start({ FOYER_HTTP__TOKEN: TOKEN }),
    ])
    await befriend(gateway, other)
    const lobby = await other.cli('lobby', 'create', 'Library', '--topic', 'Books')
    const lobbyIn = (map: MapView) => map.networks[0]?.lobbies.find(({ id }) => id === lobby)
    const roomIn = async (foyer: FoyerProcess): Promise<string> =>
      lobbyIn(await foyer.mapWhen<MapView>((map) => lobbyIn(map) !== undefined))?.room as string
    room = await roomIn(gateway)
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    await page.goto(`http://127.0.0.1:${gateway.ports.http}/`)
    ;[nora, omar] = await Promise.all([XmppUser.login(gateway.ports.c2s), XmppUser.login(other.ports.c2s)])
    await omar.join(await roomIn(other), 'Omar')
  }, 120_000)

  afterAll(async () => {
    await Promise.all([nora?.quit(), omar?.quit(), browser?.close()])
    await Promise.all([gateway?.dispose(), other?.dispose(), guarded?.dispose()])
  })

  test('shows friends, lobbies and who is whom, live, as all of it happens', async () => {
    await row('Friends', 'Elsewhere').getByText('online').waitFor(LIMIT)
    await row('Lobbies', 'Library').getByText('seen').waitFor(LIMIT)
    await nora.join(room, 'Nora')
    await row('Lobbies', 'Library').getByText('joined').waitFor(LIMIT)
    await row('Lobbies', 'Library').getByText('Elsewhere').waitFor(LIMIT)
    await row('Occupants of Library', 'Nora').getByText('by XMPP', { exact: true }).waitFor(LIMIT)
    const remote = row('Occupants of Library', 'Omar')
    await remote.getByText('in the lobby').waitFor(LIMIT)
    expect(await remote.locator('code').textContent()).toMatch(/^[0-9a-f]{32}$/)
    await page
      .getByRole('group', { name: /1 friend on the left, 1 lobby on the right, 1 line/ })
      .waitFor(LIMIT)
    await nora.say(room, 'Good day')
    await page.getByText('1 message since').waitFor(LIMIT)
    await page.getByRole('definition').filter({ hasText: 'KiB' }).waitFor(LIMIT)
    await nora.send(xml('presence', { to: `${room}/Nora`, type: 'unavailable' }))
    await row('Occupants of Library', 'Nora').waitFor({ state: 'detached', ...LIMIT })
  }, 120_000)

  test('the search box leaves what matches, and is reached by keyboard', async () => {
    await page.locator('body').click({ position: { x: 1, y: 1 } })
    await page.keyboard.press('Tab')
    await page.keyboard.type('omar')
    await row('Occupants of Library', 'Omar').waitFor(LIMIT)
    await page.getByRole('table', { name: 'Friends' }).waitFor({ state: 'detached', ...LIMIT })
    await page.getByRole('searchbox', { name: 'Find' }).fill('nobody at all')
    await page.getByText('Nothing found here.').waitFor(LIMIT)
    await page.getByRole('searchbox', { name: 'Find' }).fill('')
    await row('Friends', 'Elsewhere').waitFor(LIMIT)
  }, 60_000)

  test('fits a phone, and is dark where that is wanted', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.emulateMedia({ colorScheme: 'dark' })
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    await page.waitForFunction('document.documentElement.scrollWidth === 360', undefined, LIMIT)
    expect(ground).toBe('rgb(22, 24, 27)')
  })

  test('lets an operator who shows the token act, and nobody else', async () => {
    expect(await page.getByRole('button').count()).toBe(0)
    const desk = await browser.newPage()
    desk.on('dialog', (dialog) => void dialog.accept())
    try {
      await desk.goto(`http://127.0.0.1:${guarded.ports.http}/`)
      await desk.keyboard.type('not it')
      await desk.keyboard.press('Enter')
      await desk.waitForURL('**/?token=*', LIMIT)
      await desk.getByLabel('Token').fill(TOKEN)
      await desk.getByRole('button', { name: 'Log in' }).click()
      await desk.getByLabel('Befriend a node').fill('not an invitation')
      await desk.getByRole('button', { name: 'Add friend' }).click()
      await desk.getByText('Not done: friend add:').waitFor(LIMIT)
      expect(await desk.getByLabel('Befriend a node').inputValue()).toBe('not an invitation')
      await desk.getByLabel('Befriend a node').fill(await other.cli('invite'))
      await desk.getByRole('button', { name: 'Add friend' }).click()
      await desk.getByText('Done: friend add.').waitFor(LIMIT)
      await desk.getByLabel('Make a lobby').fill('Attic')
      await desk.getByRole('button', { name: 'Make lobby' }).click()
      await desk.getByRole('button', { name: 'Leave Attic' }).click(LIMIT)
      await desk.getByRole('button', { name: 'Leave Attic' }).waitFor({ state: 'detached', ...LIMIT })
      expect(await guarded.json('lobby', 'list')).toEqual([])
    } finally {
      await desk.close()
    }
  }, 120_000)

  test('an operator kicks XMPP users, and mutes and bans who is in the lobby', async () => {
    const desk = await browser.newPage()
    const questions: string[] = []
    desk.on('dialog', (dialog) => {
      questions.push(dialog.message())
      void dialog.accept()
    })
    const button = (name: string) => desk.getByRole('button', { name, exact: true })
    const occupant = (nick: string) =>
      desk.getByRole('table', { name: 'Occupants of Library' }).getByRole('row').filter({ hasText: nick })
    let pia: XmppUser | undefined
    try {
      await other.cli('friend', 'add', await guarded.cli('invite', '--long'))
      await desk.goto(`http://127.0.0.1:${guarded.ports.http}/?token=${TOKEN}`)
      // By keyboard, as all of it could be.
      await button('Join Library').press('Enter', LIMIT)
      await occupant('Omar').waitFor(LIMIT)
      const lobbies = await guarded.json<{ room: string }[]>('lobby', 'list')
      const guardedRoom = lobbies[0]?.room ?? ''
      pia = await XmppUser.login(guarded.ports.c2s)
      await pia.join(guardedRoom, 'Pia')
      await button('Mute Omar in Library').click(LIMIT)
      await occupant('Omar').getByText('muted here').waitFor(LIMIT)
      await button('Unmute Omar in Library').click(LIMIT)
      await occupant('Omar').getByText('in the lobby', { exact: true }).waitFor(LIMIT)
      expect(questions).toEqual([])
      await button('Kick Pia in Library').click(LIMIT)
      await pia.when((s) => s.attrs.type === 'unavailable' && codesOf(s).includes('307'))
      await occupant('Pia').waitFor({ state: 'detached', ...LIMIT })
      await button('Ban Omar').click(LIMIT)
      await occupant('Omar').waitFor({ state: 'detached', ...LIMIT })
      expect(questions.map((question) => question.split('?')[0])).toEqual([
        'Put Pia out of Library',
        'Take nothing of Omar in any lobby of this gateway',
      ])
      await desk.getByRole('button', { name: /^Lift ban/ }).click(LIMIT)
      await desk.getByText('Done: identity unban.').waitFor(LIMIT)
      await desk.getByRole('table', { name: 'Banned identities' }).waitFor({ state: 'detached', ...LIMIT })
    } finally {
      await pia?.quit()
      await desk.close()
    }
  }, 120_000)

  test('says that a friend has gone, and that the gateway itself does not answer', async () => {
    await other.stop()
    await row('Friends', 'Elsewhere').getByText('offline').waitFor(LIMIT)
    await page.getByRole('alert').getByText('none of 1 friend is online').waitFor(LIMIT)
    await page.getByRole('alert').getByText('1 lobby is not heard since').waitFor(LIMIT)
    await gateway.stop()
    await page.getByText('The gateway does not answer').waitFor(LIMIT)
    await gateway.start()
    await page.getByText('Live.').waitFor(LIMIT)
  }, 120_000)

  test('says in words what is wrong', async () => {
    // A port that is taken by somebody who is no XMPP server.
    const silent = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as { port: number }
    const alone = await FoyerProcess.start({
      FOYER_XMPP__COMPONENT__HOST: '127.0.0.1',
      FOYER_XMPP__COMPONENT__PORT: `${port}`,
      FOYER_XMPP__COMPONENT__SECRET: 'secret',
    })
    try {
      await page.goto(`http://127.0.0.1:${alone.ports.http}/`)
      await page.getByRole('alert').getByText('no link to the host server').waitFor(LIMIT)
    } finally {
      await alone.dispose()
      silent.close()
    }
  }, 60_000)
})
