// Real clients over TLS: slixmpp, with channel binding and resumption, go-sendxmpp, and OpenSSL's view of the connection.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { el } from '../../../src/stanza/xml.ts'
import { TestCertificates } from '../../support/certificates.ts'
import { describeWith, python } from '../../support/peers.ts'
import { HEADER } from '../../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../../support/xmpp-server.ts'

const SCRIPT = new URL('../../peers/slixmpp_resume.py', import.meta.url).pathname

let certificates: TestCertificates
let running: TestServer
beforeAll(async () => {
  certificates = new TestCertificates()
  running = await startXmppServer({ tls: certificates.files, isTlsRequired: true, auth: 'accounts' })
})
afterAll(async () => {
  await running.close()
  certificates.dispose()
})

type Event = Readonly<Record<string, unknown>>

/** slixmpp with stream management; its events are taken one after another. */
class Slixmpp {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #events: Event[] = []
  #wake = (): void => {}
  #errors = ''

  constructor(port: number, mode: 'plain' | 'starttls' | 'direct') {
    const args = ['-u', SCRIPT, '127.0.0.1', String(port), 'alice@localhost/s', 'wonder', mode]
    this.#child = spawn(python(), args)
    this.#child.stderr.on('data', (text) => {
      this.#errors += String(text)
    })
    this.#child.on('close', () => this.#push({ event: 'exit', errors: this.#errors }))
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#push(JSON.parse(line) as Event))
  }

  async next(): Promise<Event> {
    while (this.#events.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.#events.shift() ?? {}
  }

  do(command: 'cut' | 'back' | 'quit'): void {
    this.#child.stdin.write(`${JSON.stringify({ do: command })}\n`)
  }

  #push(event: Event): void {
    this.#events.push(event)
    this.#wake()
  }
}

/** Runs a program with this input to its end, and returns what it wrote. */
function run(command: string, args: string[], input: string): Promise<{ code: number | null; text: string }> {
  const child = spawn(command, args)
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += String(chunk)
    })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })))
}

const say = (body: string): void =>
  running.server.send(
    'alice@localhost/s',
    el('message', { from: 'r@lobbies.localhost/n' }, el('body', {}, body)),
  )

describeWith(['slixmpp'], 'slixmpp', () => {
  test.each(['starttls', 'direct'] as const)(
    'logs in over TLS (%s) tied to the connection, is cut off, resumes and has missed nothing',
    async (mode) => {
      const slixmpp = new Slixmpp(mode === 'direct' ? running.directTlsPort : running.port, mode)
      const begin = [await slixmpp.next(), await slixmpp.next()]
      const session = { jid: 'alice@localhost/s', mechanism: 'SCRAM-SHA-256-PLUS', tls: true }
      expect(begin).toContainEqual({ event: 'session', ...session })
      expect(begin).toContainEqual({ event: 'enabled' })
      say('one')
      expect(await slixmpp.next()).toEqual({ event: 'message', body: 'one' })
      slixmpp.do('cut')
      expect(await slixmpp.next()).toEqual({ event: 'disconnected' })
      say('two')
      slixmpp.do('back')
      const events = [await slixmpp.next(), await slixmpp.next()]
      expect(events.map(({ event }) => event).sort()).toEqual(['message', 'resumed'])
      expect(events).toContainEqual({ event: 'message', body: 'two' })
      say('three')
      expect(await slixmpp.next()).toEqual({ event: 'message', body: 'three' })
      expect(running.reports).toEqual([])
      const ended = running.reported((report) => report === 'ended alice@localhost/s')
      slixmpp.do('quit')
      await ended
      running.reports.length = 0
    },
    60_000,
  )
})

describeWith(['go-sendxmpp'], 'go-sendxmpp', () => {
  test.each(['STARTTLS', 'direct TLS'])(
    'sends over %s, though it puts a line end before the hello',
    async (mode) => {
      const isDirect = mode === 'direct TLS'
      const address = `127.0.0.1:${isDirect ? running.directTlsPort : running.port}`
      const args = ['-u', 'bob@localhost', '-p', 'builder', '-n', ...(isDirect ? ['-t'] : []), '-j', address]
      const arrived = running.reported((report) => report.includes(`sent over ${mode}`))
      const { code, text } = await run('go-sendxmpp', [...args, 'r@lobbies.localhost'], `sent over ${mode}\n`)
      expect(code, text).toBe(0)
      expect(await arrived).toContain('from="bob@localhost/')
    },
    30_000,
  )
})

describeWith(['openssl'], 'openssl s_client', () => {
  const trust = (): string[] => [
    '-CAfile',
    join(certificates.dir, 'root.pem'),
    '-verify_return_error',
    '-verify_hostname',
    'localhost',
  ]
  const stream = `${HEADER}</stream:stream>`

  test('finds a chain it trusts, TLS 1.3 and a clean end', async () => {
    const direct = ['-connect', `127.0.0.1:${running.directTlsPort}`, '-alpn', 'xmpp-client', '-ign_eof']
    const { code, text } = await run('openssl', ['s_client', ...direct, ...trust()], stream)
    expect(text).toContain('Verification: OK')
    expect(text).toContain('ALPN protocol: xmpp-client')
    expect(text).toContain('TLSv1.3')
    expect(text).toContain('</stream:stream>')
    expect(text).not.toContain('unexpected eof')
    expect(code).toBe(0)
  }, 30_000)

  test('gets TLS by STARTTLS', async () => {
    const starttls = ['-connect', `127.0.0.1:${running.port}`, '-starttls', 'xmpp', '-xmpphost', 'localhost']
    const { text } = await run('openssl', ['s_client', ...starttls, ...trust()], '')
    expect(text).toContain('Verification: OK')
  }, 30_000)

  test('is refused with TLS 1.1, and with another protocol', async () => {
    const to = ['-connect', `127.0.0.1:${running.directTlsPort}`]
    const old = await run('openssl', ['s_client', ...to, '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'], '')
    expect(old.text).toMatch(/alert protocol version/)
    const http = await run('openssl', ['s_client', ...to, '-alpn', 'h2'], '')
    expect(http.text).toMatch(/no application protocol/)
  }, 30_000)
})
