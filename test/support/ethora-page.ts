// The Ethora chat component in headless Chromium: version 24 of the npm registry, or a built page of a later one.
import { createReadStream, existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import type { Browser, Locator, Page } from 'playwright-core'
import { openBrowser, screenshot } from './browser.ts'
import { TestCertificates } from './certificates.ts'
import { ETHORA_PACKAGES } from './ethora-packages.ts'

/** A page of a later version, built as docs/ethora.md says, to be tried instead. */
const BUILT_PAGE = process.env.ETHORA_PAGE

/** Version 24 knows one server only, and so the domain must be this one; later versions are told. */
export const ETHORA_DOMAIN = BUILT_PAGE ? 'localhost' : 'xmpp.ethoradev.com'
const WHERE_IT_CONNECTS = 'xmpp.ethoradev.com:5443'
/** Later versions have reactions, and an edit that works: version 24 sends it as a new message. */
export const IS_LATER = BUILT_PAGE !== undefined

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
}

/** A picture in PNG, red. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC'

interface Account {
  readonly name: string
  readonly password: string
}

/** How it asks for its rooms; by HTTP only later versions can, which do so unless they are told otherwise. */
export type RoomsBy = 'http' | 'xmpp'

const configOf = ({ name, password }: Account, roomsBy: RoomsBy, webSocketPort: number) => ({
  appId: 'foyer',
  baseUrl: `http://localhost:${webSocketPort}/ethora/v1`,
  ...(roomsBy === 'xmpp' && { newArch: false }),
  userLogin: {
    enabled: true,
    user: {
      _id: name,
      appId: 'foyer',
      xmppUsername: name,
      xmppPassword: password,
      firstName: 'Alice',
      lastName: 'Adams',
      token: `Basic ${btoa(`${name}:${password}`)}`,
      refreshToken: '',
      walletAddress: name,
      defaultWallet: { walletAddress: name },
    },
  },
  xmppSettings: {
    devServer: `ws://localhost:${webSocketPort}/xmpp-websocket`,
    host: 'localhost',
    conference: 'conference.localhost',
  },
})

/** The page of version 24: its module and React as they are in the registry, without a bundler. */
function pageOfRegistry(): Readonly<Record<string, string>> {
  const names = Object.keys(createRequire(import.meta.url)(join(ETHORA_PACKAGES, 'react')) as object)
  return {
    '/index.html': `<!doctype html><meta charset="utf-8"><title>Ethora</title>
      <link rel="stylesheet" href="/@ethora/chat-component/dist/style.css">
      <body style="margin:0"><div id="root" style="height:100vh"></div>
      <script src="/react/umd/react.production.min.js"></script>
      <script src="/react-dom/umd/react-dom.production.min.js"></script>
      <script>process = { env: { NODE_ENV: 'production' } }</script>
      <script src="/settings.js"></script>
      <script type="importmap">{"imports":{"react":"/react.js","react/jsx-runtime":"/jsx-runtime.js"}}</script>
      <script type="module" src="/start.js"></script>`,
    '/react.js': `export const { ${names.join(', ')} } = React; export default React`,
    '/jsx-runtime.js': `export const Fragment = React.Fragment
      export const jsx = (type, props, key) => React.createElement(type, key === undefined ? props : { ...props, key })
      export const jsxs = jsx`,
    '/start.js': `import { Chat } from '/@ethora/chat-component/dist/main.js'
      ReactDOM.createRoot(document.getElementById('root')).render(React.createElement(Chat, ETHORA))`,
  }
}

/** Serves the page with its settings. */
async function servePage(config: unknown): Promise<Server> {
  const made: Readonly<Record<string, string>> = {
    ...(BUILT_PAGE ? {} : pageOfRegistry()),
    '/settings.js': `window.ETHORA = ${JSON.stringify({ config })}`,
  }
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    const name = path === '/' ? '/index.html' : path
    const file = join(BUILT_PAGE ?? ETHORA_PACKAGES, name)
    const text = made[name]
    const isThere = text !== undefined || existsSync(file)
    response.writeHead(isThere ? 200 : 404, {
      'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
    })
    if (text !== undefined || !isThere) response.end(text)
    else createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** What a reverse proxy would be: TLS from outside, and the path of the gateway. */
async function serveTls(webSocketPort: number, certificates: TestCertificates): Promise<TlsServer> {
  const { certPem, keyPem } = certificates.renew('xmpp.ethoradev.com')
  const server = createTlsServer({ cert: certPem, key: keyPem }, (near) => {
    near.on('error', () => near.destroy())
    near.once('data', (head: Buffer) => {
      const far = connect(webSocketPort, '127.0.0.1')
      far.on('error', () => near.destroy())
      far.on('close', () => near.destroy())
      near.on('close', () => far.destroy())
      far.write(
        head
          .toString('latin1')
          .replace(/^GET \S+/, 'GET /xmpp-websocket')
          .replace(/^Host: .*$/im, 'Host: localhost'),
        'latin1',
      )
      near.pipe(far)
      far.pipe(near)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const portOf = (server: Server | TlsServer): number => (server.address() as AddressInfo).port

/** Someone on a page with the component. */
export class EthoraUser {
  readonly page: Page
  /** For others too. */
  readonly browser: Browser
  readonly errors: string[] = []
  readonly #close: () => Promise<void>

  private constructor(page: Page, browser: Browser, close: () => Promise<void>) {
    this.page = page
    this.browser = browser
    this.#close = close
    // What throws inside its stream parser ends its connection.
    page.on('pageerror', (error) => this.errors.push(String(error)))
  }

  /** Opens the page in a browser of its own; the component connects to a gateway's HTTP port. */
  static async open(webSocketPort: number, account: Account, roomsBy: RoomsBy): Promise<EthoraUser> {
    const certificates = new TestCertificates()
    const web = await servePage(configOf(account, roomsBy, webSocketPort))
    const tls = await serveTls(webSocketPort, certificates)
    const browser: Browser = await openBrowser([
      `--host-resolver-rules=MAP ${WHERE_IT_CONNECTS} 127.0.0.1:${portOf(tls)}`,
      '--ignore-certificate-errors',
    ])
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    const user = new EthoraUser(page, browser, async () => {
      await browser.close()
      web.closeAllConnections()
      web.close()
      tls.close()
      certificates.dispose()
    })
    // Version 24 knows one server for its files too.
    await page.route('https://api.ethoradev.com/v1/**', async (route) => {
      const path = new URL(route.request().url()).pathname.replace('/v1/', '/ethora/v1/')
      await route.fulfill({
        response: await route.fetch({ url: `http://localhost:${webSocketPort}${path}` }),
      })
    })
    await page.goto(`http://localhost:${portOf(web)}/`)
    return user
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** A room in its list. */
  async seesRoom(name: string, timeoutMs = 60_000): Promise<void> {
    await this.page.getByText(name, { exact: true }).first().waitFor({ timeout: timeoutMs })
  }

  async openRoom(name: string): Promise<void> {
    await this.page.getByText(name, { exact: true }).first().click()
    await this.#input.waitFor({ timeout: 60_000 })
  }

  async say(text: string): Promise<void> {
    await this.#input.fill(text)
    await this.#input.press('Enter')
  }

  /** Sends a picture of one pixel, and sees it. */
  async sendPicture(): Promise<void> {
    await this.page
      .locator('input[type=file]')
      .last()
      .setInputFiles({
        name: 'pixel.png',
        mimeType: 'image/png',
        buffer: Buffer.from(PIXEL, 'base64'),
      })
    await this.page.locator('img[src^="blob:"]').first().waitFor()
    await this.#input.press('Enter')
    await this.page.locator('img[src*="/files/"]').first().waitFor({ timeout: 60_000 })
  }

  /** Types without sending. */
  async type(text: string): Promise<void> {
    await this.#input.pressSequentially(text)
  }

  async sees(text: string, timeoutMs = 60_000): Promise<void> {
    await this.#bubble(text).first().waitFor({ timeout: timeoutMs })
  }

  /** What was seen is not shown any longer. */
  async seesNot(text: string, timeoutMs = 60_000): Promise<void> {
    await this.#bubble(text).first().waitFor({ state: 'detached', timeout: timeoutMs })
  }

  async seesDeleted(timeoutMs = 60_000): Promise<void> {
    await this.page
      .getByText(/^This message was deleted\.?$/)
      .last()
      .waitFor({ timeout: timeoutMs })
  }

  async seesTyping(name: string, timeoutMs = 60_000): Promise<void> {
    await this.page.getByText(`${name} is typing`).first().waitFor({ timeout: timeoutMs })
  }

  /** Answers in the thread that opens, which later versions close by themselves. */
  async reply(text: string, answer: string): Promise<void> {
    await this.#choose(text, 'Reply')
    const header = this.page.getByText('Thread', { exact: true })
    await header.waitFor()
    await this.#input.fill(answer)
    await this.#input.press('Enter')
    if (!IS_LATER) await header.locator('button').click()
    await header.waitFor({ state: 'detached' })
    await this.page.getByText('1 reply').waitFor()
  }

  async react(text: string, emoji: string): Promise<void> {
    await this.#choose(text, emoji)
  }

  async edit(text: string, changed: string): Promise<void> {
    await this.#choose(text, 'Edit')
    await this.say(changed)
  }

  async delete(text: string): Promise<void> {
    await this.#choose(text, 'Delete')
    await this.page.getByRole('button', { name: 'Delete', exact: true }).last().click()
  }

  async #choose(text: string, entry: string): Promise<void> {
    await this.#bubble(text).first().click({ button: 'right' })
    await this.page.getByText(entry, { exact: true }).last().click()
  }

  /** In the conversation, not in the list of rooms, which has its own search field at its top. */
  #bubble(text: string): Locator {
    return this.page.locator(`:text-is(${JSON.stringify(text)}):right-of(input[placeholder^="Search"])`)
  }

  get #input(): Locator {
    return this.page.locator('[placeholder="Type message"]')
  }

  screenshot(name: string): Promise<void> {
    return screenshot(this.page, name)
  }
}
