// The presence map's page in real Chromium with maps made for it: large ones, ones that tell of trouble, and none at all.
import { pino } from 'pino'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { PresenceMap } from '../../src/gateway/status.ts'
import { webFolders } from '../../src/gateway/web-folders.ts'
import { EventStream } from '../../src/ops/event-stream.ts'
import { createHttpServer, type HttpServer } from '../../src/ops/http.ts'
import { openBrowser } from '../support/browser.ts'
import { describeWith } from '../support/peers.ts'
import { largeMap } from '../support/presence-maps.ts'

const LIMIT = { timeout: 30_000 }

describeWith(['chromium'], 'the page of the presence map', () => {
  let browser: Browser
  let page: Page
  let server: HttpServer
  let events: EventStream
  let url: string
  let map: PresenceMap
  let port = 0

  const serve = async (): Promise<void> => {
    events = new EventStream(() => map)
    server = createHttpServer({
      listen: { host: '127.0.0.1', port },
      token: null,
      allowsHost: () => true,
      log: pino({ level: 'silent' }),
      folders: webFolders(),
      files: { find: () => undefined },
      uploads: null,
      filesOrigin: () => undefined,
      map: () => map,
      events,
      operate: async () => ({ ok: true }),
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
      problems: () => [],
      hasWebSocket: false,
      chatSettings: () => ({}),
    })
    port = (await server.start()).port
    url = `http://127.0.0.1:${port}/`
  }
  const open = async (shown: PresenceMap): Promise<void> => {
    map = shown
    await page.goto(url)
    await page.getByText('Live.').waitFor(LIMIT)
  }

  beforeAll(async () => {
    browser = await openBrowser()
  }, 60_000)
  afterAll(() => browser?.close())
  beforeEach(async () => {
    port = 0
    await serve()
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
  })
  afterEach(async () => {
    await page.close()
    await server.stop()
  })

  test('draws a part of a large map, the rest when asked for, and finds all of it', async () => {
    await open(largeMap({ rooms: 100, occupants: 500, friends: 60 }))
    const nodes = (): Promise<number> => page.evaluate('document.getElementsByTagName("*").length')
    expect(await page.getByRole('article').count()).toBe(10)
    expect(await nodes()).toBeLessThan(6000)
    const first = page.getByRole('table', { name: 'Occupants of Lobby 0', exact: true })
    expect(await first.getByRole('row').count()).toBe(26)
    await page.getByRole('button', { name: 'Show 25 more: Occupants of Lobby 0', exact: true }).press('Enter')
    await expect.poll(() => first.getByRole('row').count()).toBe(51)
    await page.getByRole('button', { name: 'Show 10 more: rooms' }).click()
    await expect.poll(() => page.getByRole('article').count()).toBe(20)
    await page.getByRole('searchbox').fill(map.rooms[99]?.occupants[499]?.identity ?? '')
    await page.getByRole('rowheader', { name: 'Nick 499 of 99', exact: true }).waitFor(LIMIT)
    expect(await page.getByRole('article').count()).toBe(1)
  }, 60_000)

  test('says in words what is wrong beside what keeps the gateway from its work', async () => {
    const well = largeMap({ rooms: 2, occupants: 1, friends: 2 })
    await open(well)
    expect(await page.getByRole('alert').textContent()).toBe('')
    map = {
      ...well,
      problems: ['archive: the last write failed'],
      diskFreeBytes: 2 ** 29,
      networks: well.networks.map((network) => ({
        ...network,
        friends: network.friends.map((friend) => ({ ...friend, clockOffsetMs: 90_000 })),
      })),
      rooms: well.rooms.map((room) => ({ ...room, gaps: { ...room.gaps, since: well.at } })),
    }
    events.changed()
    const alert = page.getByRole('alert')
    await alert.getByText('archive: the last write failed').waitFor(LIMIT)
    expect(await alert.getByRole('listitem').allTextContents()).toEqual([
      'archive: the last write failed',
      expect.stringMatching(
        /^2 lobbies are not heard since .*: Lobby 0, Lobby 1\. What is said there is missed\.$/,
      ),
      "This machine's clock is 90 s behind those of its friends.",
      'The disk has only 512 MiB left.',
    ])
    await page.getByRole('definition').filter({ hasText: /^4$/ }).waitFor(LIMIT)
  }, 60_000)

  test('keeps its tables tables on a phone, and its plots and picture have words', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    await open(largeMap({ rooms: 2, occupants: 3, friends: 2 }))
    const row = page.getByRole('table', { name: 'Friends' }).getByRole('row').nth(1)
    expect(await row.getByRole('rowheader').textContent()).toContain('Friend 0')
    expect(await row.getByRole('cell').count()).toBe(7)
    await page
      .getByRole('img', { name: /^Messages in an hour\. all rooms: \d+ last, \d+ at most\./ })
      .waitFor()
    const picture = page.getByRole('group', {
      name: /2 friends on the left, 2 lobbies on the right, 4 lines/,
    })
    await picture.getByRole('link', { name: 'Friend 1' }).press('Enter')
    expect(new URL(page.url()).hash).toBe(`#friend-${map.networks[0]?.friends[1]?.id}`)
    await page.waitForFunction('document.documentElement.scrollWidth === 360', undefined, LIMIT)
  }, 60_000)

  test('tells screen readers when it is cut off and back, and not of each event', async () => {
    await open(largeMap({ rooms: 1, occupants: 1, friends: 1 }))
    await page.evaluate(`
      window.told = []
      const state = document.getElementById('state')
      new MutationObserver(() => told.push(state.textContent)).observe(state, { childList: true, subtree: true })`)
    map = { ...map, at: new Date(Date.parse(map.at) + 5000).toISOString(), version: '9.9.9' }
    events.changed()
    await page.getByText('Version 9.9.9').waitFor(LIMIT)
    await server.stop()
    await page.getByText('The gateway does not answer').waitFor(LIMIT)
    await serve()
    await page.getByText('Live.').waitFor(LIMIT)
    expect(await page.evaluate('told')).toEqual([expect.stringContaining('does not answer'), 'Live.'])
  }, 60_000)

  test('tries again when something else than the gateway answers', async () => {
    await page.route('**/api/events', (route) => route.fulfill({ status: 502, body: 'bad gateway' }), {
      times: 1,
    })
    await page.goto(url)
    await page.getByText('The gateway does not answer').waitFor(LIMIT)
    map = largeMap({ rooms: 1, occupants: 1, friends: 1 })
    await page.getByText('Live.').waitFor(LIMIT)
  }, 60_000)
})
