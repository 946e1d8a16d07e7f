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

export const openBrowser = (flags: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: [...FLAGS, ...flags] })

/** A picture for whoever wants to look, in the folder that SCREENSHOTS names; nothing without it. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

/** Someone who opened the chat page, clicked once on the name of a room, and is in it. */
export class ConverseUser {
  readonly page: Page
  /** Where the page asked for anything; data: and blob: have no host. */
  readonly hosts = new Set<string>()

  private constructor(page: Page) {
    this.page = page
  }

  static async enter(browser: Browser, httpPort: number, room: string, nick: string): Promise<ConverseUser> {
    const page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
    const user = new ConverseUser(page)
    page.on('request', (request) => user.hosts.add(new URL(request.url()).host))
    await page.goto(`http://127.0.0.1:${httpPort}/chat/`)
    await page.fill('#nick', nick)
    await user.screenshot('entrance')
    await page.click(`#rooms button:has-text("${room}")`)
    await page.waitForSelector('converse-muc textarea.chat-textarea', { timeout: 30_000 })
    return user
  }

  async say(text: string): Promise<void> {
    await this.page.fill('converse-muc textarea.chat-textarea', text)
    await this.page.press('converse-muc textarea.chat-textarea', 'Enter')
  }

  /** Corrects what was said last. */
  async correctTo(text: string): Promise<void> {
    await this.page.press('converse-muc textarea.chat-textarea', 'ArrowUp')
    await this.page.locator('converse-muc .chat-msg.correcting').waitFor()
    await this.say(text)
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

  /** What was seen is not shown any longer. */
  async seesNot(text: string, timeoutMs = 20_000): Promise<void> {
    await this.page
      .locator('converse-muc .chat-msg__text', { hasText: text })
      .first()
      .waitFor({ state: 'detached', timeout: timeoutMs })
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

  screenshot(name: string): Promise<void> {
    return screenshot(this.page, name)
  }
}
