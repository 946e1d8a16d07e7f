// Headless Chromium with Converse.js on a gateway's own chat page.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Chromium makes no connection of its own with these, and needs no sandbox inside a container. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: FLAGS })

/** Someone who opened the chat page, pressed the button once, and is in a room. */
export class ConverseUser {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  static async enter(browser: Browser, httpPort: number, room: string, nick: string): Promise<ConverseUser> {
    const page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
    await page.goto(`http://127.0.0.1:${httpPort}/chat/#${encodeURIComponent(room)}`)
    await page.fill('#nick', nick)
    await page.click('button[type=submit]')
    const user = new ConverseUser(page)
    await page.waitForSelector('converse-muc textarea.chat-textarea', { timeout: 30_000 })
    return user
  }

  async say(text: string): Promise<void> {
    await this.page.fill('converse-muc textarea.chat-textarea', text)
    await this.page.press('converse-muc textarea.chat-textarea', 'Enter')
  }

  /** Types without sending: others see that somebody types. */
  async type(text: string): Promise<void> {
    await this.page.locator('converse-muc textarea.chat-textarea').pressSequentially(text)
  }

  async sees(text: string, timeoutMs = 20_000): Promise<void> {
    await this.page
      .locator('converse-muc .chat-msg__text', { hasText: text })
      .first()
      .waitFor({ timeout: timeoutMs })
  }

  timesSeen(text: string): Promise<number> {
    return this.page.locator('converse-muc .chat-msg__text', { hasText: text }).count()
  }

  async seesTyping(nick: string, timeoutMs = 20_000): Promise<void> {
    await this.page
      .locator('converse-muc .chat-content__notifications', { hasText: nick })
      .filter({ hasText: /typing/ })
      .waitFor({ timeout: timeoutMs })
  }

  /** A picture for whoever wants to look, in the folder that SCREENSHOTS names; nothing without it. */
  async screenshot(name: string): Promise<void> {
    const folder = process.env.SCREENSHOTS
    if (!folder) return
    mkdirSync(folder, { recursive: true })
    await this.page.screenshot({ path: join(folder, `${name}.png`) })
  }
}
