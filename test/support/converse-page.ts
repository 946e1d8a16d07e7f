/** Converse.js with an account, in a browser that knows nothing yet: on Foyer's chat page, or on a page of one's own. */
import { createReadStream, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { screenshot } from './browser.ts'

const PATIENCE_MS = 60_000
const TEXT_BOX = 'converse-muc textarea.chat-textarea'
const LOGIN = 'converse-login-form'
const DIST = new URL('../../node_modules/converse.js/dist/', import.meta.url).pathname
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** HTTP ports on loopback: where the WebSocket is, and where Foyer's chat page is if it goes with that. */
export interface ConversePorts {
  readonly webSocket: number
  readonly page?: number
}

export class ConversePage {
  readonly page: Page
  /** Of the page of one's own. */
  readonly #server: Server | undefined

  private constructor(page: Page, server: Server | undefined) {
    this.page = page
    this.#server = server
  }

  /** Opens a new profile and logs in. With a room it is opened then, else the list of rooms. */
  static async login(browser: Browser, ports: ConversePorts, room = ''): Promise<ConversePage> {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 } })
    context.setDefaultTimeout(PATIENCE_MS)
    const page = await context.newPage()
    let server: Server | undefined
    if (ports.page === undefined) {
      server = await servePage(ports.webSocket)
      const { port } = server.address() as AddressInfo
      await page.goto(`http://127.0.0.1:${port}/${room === '' ? '' : `#converse/room?jid=${room}`}`)
    } else {
      await page.goto(`http://127.0.0.1:${ports.page}/chat/#${room}`)
      await page.fill('#nick', 'Connie')
      await page.press('#nick', 'Enter')
    }
    await page.fill(`${LOGIN} input[name=jid]`, 'connie@localhost')
    await page.fill(`${LOGIN} input[name=password]`, 'secret')
    await page.press(`${LOGIN} input[name=password]`, 'Enter')
    return new ConversePage(page, server)
  }

  /** Chooses a room in the list, which Foyer's page opens by itself. */
  async choose(room: string): Promise<void> {
    if (this.#server) {
      await this.page.locator('.show-list-muc-modal').dispatchEvent('click')
      await this.page.fill('converse-muc-list-modal input[name=server]', room.replace(/^.*@/, ''))
      await this.page.click('converse-muc-list-modal input[name=list]')
    }
    await this.page.click(`converse-muc-list-modal a.open-room[data-room-jid="${room}"]`)
  }

  /** Says something, or gives a command, in the room that is open. */
  async type(text: string): Promise<void> {
    await this.page.fill(TEXT_BOX, text)
    await this.page.press(TEXT_BOX, 'Enter')
  }

  /** Opens the form for invitations, behind the menu of the list of occupants. */
  async invite(jid: string): Promise<void> {
    await this.page.locator('converse-muc .open-invite-modal').first().dispatchEvent('click')
    await this.page.fill('converse-muc-invite-modal input[name=invitee_jids]', jid)
    await this.page.click('converse-muc-invite-modal input[type=submit]')
  }

  /** Sees somebody among the occupants; before it sees itself, it knows no right to anything. */
  async isIn(nick: string): Promise<void> {
    await this.page.locator('converse-muc .occupant-nick', { hasText: nick }).waitFor()
  }

  sees(text: string | RegExp): Promise<void> {
    return this.page.getByText(text).first().waitFor()
  }

  screenshot(name: string): Promise<void> {
    return screenshot(this.page, name)
  }

  /** The profile is gone with it. */
  async close(): Promise<void> {
    await this.page.context().close()
    this.#server?.close()
  }
}

/** What somebody would write who has Converse.js beside a server of their own; nothing is loaded from elsewhere. */
const ownPage = (webSocketPort: number): string => `<!doctype html>
  <meta charset="utf-8"><title>Chat</title><link rel="stylesheet" href="/converse.min.css">
  <body class="converse-fullscreen"><script type="module">
    customElements.define('converse-footer', class extends HTMLElement {})
    const { default: converse } = await import('/converse.min.js')
    await converse.initialize({
      authentication: 'login',
      assets_path: '/',
      websocket_url: 'ws://127.0.0.1:${webSocketPort}/xmpp-websocket',
      discover_connection_methods: false,
      view_mode: 'fullscreen',
      nickname: 'Connie',
      persistent_store: 'sessionStorage',
    })
  </script>`

async function servePage(webSocketPort: number): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    const file = join(DIST, path)
    if (path === '/') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(ownPage(webSocketPort))
    } else if (statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' })
      createReadStream(file).pipe(response)
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
