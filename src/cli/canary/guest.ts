/** One end of a canary: an ordinary XMPP client that enters a room, speaks, and waits for what it hears. XEP-0045. */
import { type Client, client, xml } from '@xmpp/client'
import { GatewayError } from '../../util/errors.ts'

type Stanza = ReturnType<typeof xml>

/** Where and as whom a client logs in; without an account, anonymously. */
export interface Login {
  /** `xmpp://HOST:PORT`, or `xmpps://` where TLS begins at once. */
  readonly service: string
  readonly domain: string
  readonly account: { readonly username: string; readonly password: string } | null
}

/** Each step is over by then, or has failed. */
const STEP_MS = 30_000
const MUC = 'http://jabber.org/protocol/muc'
const DISCO_INFO = 'http://jabber.org/protocol/disco#info'

const failed = (text: string, cause?: unknown): GatewayError =>
  new GatewayError('CANARY_FAILED', text, { cause })

export class CanaryGuest {
  readonly #xmpp: Client
  readonly #isGuest: boolean
  readonly #room: string
  readonly #nick: string
  readonly #waiting = new Set<(stanza: Stanza) => void>()

  /** `login.account` is null for a guest of the server. */
  constructor(login: Login, room: string, nick: string) {
    this.#isGuest = login.account === null
    this.#room = room
    this.#nick = nick
    this.#xmpp = client({
      service: login.service,
      domain: login.domain,
      timeout: STEP_MS,
      ...(login.account ?? {}),
    })
    // The package decodes chunk by chunk, which breaks characters that span two.
    this.#xmpp.on('connect', () =>
      (this.#xmpp.socket as { setEncoding?(encoding: string): void } | null)?.setEncoding?.('utf8'),
    )
    // What goes wrong shows as a step that fails.
    this.#xmpp.on('error', () => undefined)
    this.#xmpp.on('stanza', (stanza: Stanza) => {
      for (const waiting of this.#waiting) waiting(stanza)
    })
    this.#xmpp.reconnect.stop()
  }

  /** Logs in and enters. Rejects with CANARY_FAILED, as all steps do. */
  async enter(): Promise<void> {
    try {
      await this.#xmpp.start()
    } catch (cause) {
      // What the package says where it has neither guest nor password to offer is `malformed-request`.
      const isNoGuest = this.#isGuest && (cause as Error).name === 'SASLError'
      const reason = isNoGuest
        ? 'the server takes no guests: name an account and the file with its password'
        : (cause as Error).message
      throw failed(`cannot log in at ${this.#xmpp.options.service}: ${reason}`, cause)
    }
    await this.#findRoom()
    // The subject ends every join (XEP-0045 §7.2.15).
    const entered = this.#when('entered', (stanza) => stanza.getChild('subject') !== undefined)
    const history = xml('history', { maxstanzas: '0' })
    await this.#xmpp.send(
      xml('presence', { to: `${this.#room}/${this.#nick}` }, xml('x', { xmlns: MUC }, history)),
    )
    await entered
  }

  /** Entering a room that is not there would make it, and a lobby that all friends see. */
  async #findRoom(): Promise<void> {
    try {
      await this.#xmpp.iqCaller.get(xml('query', { xmlns: DISCO_INFO }), this.#room, STEP_MS)
    } catch (cause) {
      if ((cause as { condition?: unknown }).condition !== 'item-not-found') return
      throw failed(`there is no room ${this.#room}: \`foyer lobby list\` shows all`, cause)
    }
  }

  /** Says something; rejects when the room refuses it. */
  async say(body: string): Promise<void> {
    await this.#xmpp.send(
      xml('message', { to: this.#room, type: 'groupchat', id: body }, xml('body', {}, body)),
    )
  }

  /** Resolves when somebody in the room has said this. To be called before it is said. */
  hear(body: string): Promise<void> {
    return this.#when('heard', (stanza) => stanza.name === 'message' && stanza.getChildText('body') === body)
  }

  async leave(): Promise<void> {
    await this.#xmpp.stop().catch(() => undefined)
  }

  #when(what: string, matches: (stanza: Stanza) => boolean): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      const end = (error?: GatewayError): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        if (error) reject(error)
        else resolve()
      }
      const look = (stanza: Stanza): void => {
        if (!String(stanza.attrs.from).startsWith(this.#room)) return
        if (stanza.attrs.type === 'error') end(failed(`${this.#room} refuses: ${reasonOf(stanza)}`))
        else if (matches(stanza)) end()
      }
      const timer = setTimeout(
        () => end(failed(`nothing ${what} in ${this.#room} within ${STEP_MS / 1000} s`)),
        STEP_MS,
      )
      this.#waiting.add(look)
    })
    // Whoever waits may not have come to it yet.
    done.catch(() => undefined)
    return done
  }
}

function reasonOf(stanza: Stanza): string {
  const error = stanza.getChild('error')
  return error?.getChildText('text') ?? error?.getChildElements()[0]?.name ?? 'no reason given'
}
