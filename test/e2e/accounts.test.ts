// What accounts keep, as a person sees it: bookmarks after a restart of everything, and a picture that was uploaded.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { RawTcp } from '../support/raw-xmpp.ts'

/** One pixel, as PNG. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)
const TEXT_BOX = 'converse-muc textarea.chat-textarea'

describeWith(['chromium'], 'Converse.js with an account', () => {
  let gateway: FoyerProcess
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    gateway = await FoyerProcess.start({ FOYER_XMPP__SERVER__AUTH: 'accounts' })
    await gateway.cliWith('wonder\n', 'user', 'add', 'alice', '--password-stdin')
    await gateway.cli('lobby', 'create', 'Tea')
    browser = await openBrowser()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await gateway?.dispose()
  })

  /** In a browser that knows nothing: as on another machine. */
  async function enter(button: string): Promise<Page> {
    const fresh = await (await browser.newContext()).newPage()
    await fresh.goto(`http://127.0.0.1:${gateway.ports.http}/chat/`)
    await fresh.fill('#nick', 'Alice')
    await fresh.click(button)
    await fresh.fill('converse-login-form input[name=jid]', 'alice@localhost')
    await fresh.fill('converse-login-form input[name=password]', 'wonder')
    await fresh.press('converse-login-form input[name=password]', 'Enter')
    return fresh
  }

  /** Another client of the account, which is notified of bookmarks; resolves with the first notification. */
  async function bookmarkPublished(): Promise<string> {
    const client = await RawTcp.connect(gateway.ports.c2s)
    await client.login('alice', 'wonder', 'watcher')
    client.send(
      "<presence><c xmlns='http://jabber.org/protocol/caps' hash='none' node='urn:test' ver='1'/></presence>",
    )
    for (;;) {
      const stanza = await client.element()
      if (stanza.name === 'iq' && stanza.attrs.type === 'get')
        client.send(
          `<iq type='result' id='${stanza.attrs.id}'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:bookmarks:1+notify'/></query></iq>`,
        )
      const event = stanza.getChild('event', 'http://jabber.org/protocol/pubsub#event')
      if (event) {
        client.socket.destroy()
        return String(event)
      }
    }
  }

  test('a room that was entered is bookmarked, and entered again in another browser after a restart', async () => {
    const published = bookmarkPublished()
    const first = await enter('#rooms button:has-text("Tea")')
    await first.waitForSelector(TEXT_BOX)
    expect(await published).toMatch(/<conference [^>]*name="Tea"/)
    await first.context().close()
    await gateway.stop()
    await gateway.start()
    page = await enter('#enter button[type=submit]')
    await page.waitForSelector(TEXT_BOX)
    await page.locator('converse-muc .occupant-list', { hasText: 'Alice' }).waitFor()
  }, 90_000)

  test('a picture that is chosen is uploaded and shown in the room', async () => {
    await page.setInputFiles('converse-muc input[type=file]', {
      name: 'Grüße.png',
      mimeType: 'image/png',
      buffer: PICTURE,
    })
    const picture = page.locator('converse-muc .chat-msg img.chat-image')
    await picture.waitFor()
    const url = await picture.getAttribute('src')
    expect(url).toMatch(/\/files\/[0-9a-f]{32}\/Gr%C3%BC%C3%9Fe\.png$/)
    const got = await fetch(url ?? '')
    expect(Buffer.from(await got.arrayBuffer()).equals(PICTURE)).toBe(true)
    expect(await picture.evaluate((image) => Reflect.get(image, 'naturalWidth'))).toBe(1)
  }, 60_000)
})
