/** Profanity in a terminal of its own (tmux): commands in, its screen output as a stream of text. */
import { execFileSync } from 'node:child_process'
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ProfanityAccount {
  readonly jid: string
  readonly password: string
  readonly port: number
  /** Seconds until it connects again after a lost connection. */
  readonly reconnectSec: number
}

export class Profanity {
  readonly #home = mkdtempSync(join(tmpdir(), 'foyer-prof-'))
  readonly #socket = join(this.#home, 'tmux')
  #screen = ''
  #isOver = false
  readonly #waiting = new Set<{ matches: RegExp; resolve: () => void }>()

  constructor({ jid, password, port, reconnectSec }: ProfanityAccount) {
    const share = join(this.#home, '.local/share/profanity')
    const config = join(this.#home, '.config/profanity')
    for (const dir of [share, config]) mkdirSync(dir, { recursive: true })
    writeFileSync(
      join(share, 'accounts'),
      `[prof]\nenabled=true\njid=${jid}\npassword=${password}\nserver=127.0.0.1\nport=${port}\n` +
        'resource=prof\ntls.policy=trust\n',
      { mode: 0o600 },
    )
    writeFileSync(join(config, 'profrc'), `[connection]\nreconnect=${reconnectSec}\nautoping=0\n`)
    const fifo = join(this.#home, 'screen')
    execFileSync('mkfifo', [fifo])
    // Opened for reading first: it waits for the writer.
    createReadStream(fifo, 'utf8').on('data', (text) => this.#read(String(text)))
    this.#tmux('new-session', '-d', '-s', 'p', '-x', '120', '-y', '40', '-c', this.#home)
    this.#tmux('pipe-pane', '-t', 'p', `exec cat > ${fifo}`)
    const start = `HOME=${this.#home} XDG_DATA_HOME= XDG_CONFIG_HOME= TERM=screen LANG=C.UTF-8 exec profanity -a prof`
    this.#tmux('send-keys', '-t', 'p', '-l', start)
    this.#tmux('send-keys', '-t', 'p', 'Enter')
  }

  /** Types a line. */
  type(line: string): void {
    this.#tmux('send-keys', '-t', 'p', '-l', line)
    this.#tmux('send-keys', '-t', 'p', 'Enter')
  }

  /** Resolves when this is written on the screen, or was since the last call that found something. */
  shows(matches: RegExp, timeoutMs = 20_000): Promise<void> {
    if (this.#take(matches)) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`never shown: ${matches}\n${this.capture()}`)),
        timeoutMs,
      )
      const waiter = {
        matches,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      this.#waiting.add(waiter)
    })
  }

  /** The screen as it is. */
  capture(): string {
    return this.#tmux('capture-pane', '-t', 'p', '-p')
  }

  quit(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#tmux('kill-server')
    rmSync(this.#home, { recursive: true, force: true })
  }

  #read(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is taken out
    this.#screen += text.replace(/\u001B(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>])/g, '')
    this.#screen = this.#screen.slice(-20_000)
    for (const waiter of this.#waiting)
      if (this.#take(waiter.matches)) {
        this.#waiting.delete(waiter)
        waiter.resolve()
      }
  }

  #take(matches: RegExp): boolean {
    const found = matches.exec(this.#screen)
    if (found) this.#screen = this.#screen.slice(found.index + found[0].length)
    return found !== null
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' })
  }
}
