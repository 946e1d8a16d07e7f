/** A program in a terminal of its own (tmux): lines typed in, and what its screen shows. */
import { execFile, execFileSync } from 'node:child_process'
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** Enough for all that a test says in one room: what scrolls away is not found any longer. */
const SIZE = ['-x', '140', '-y', '100']
const PATIENCE_MS = 60_000
/** Root may not run some programs, which are then run by nobody. */
const NOBODY = 65_534

export interface TerminalOptions {
  readonly program: string
  readonly args?: readonly string[]
  /** What its home has at first; the program starts there. */
  readonly files: Readonly<Record<string, string>>
  /** Whether it refuses to be run by root. */
  readonly isNotForRoot?: boolean
}

interface Screen {
  readonly text: string
  /** The line that the cursor is in, up to the cursor. */
  readonly line: string
}

export class Terminal {
  readonly #home = mkdtempSync(join(tmpdir(), 'foyer-terminal-'))
  readonly #onChange = new Set<() => void>()
  readonly #pid: number
  #isOver = false

  constructor({ program, args = [], files, isNotForRoot = false }: TerminalOptions) {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(this.#home, dirname(name)), { recursive: true, mode: 0o700 })
      writeFileSync(join(this.#home, name), text, { mode: 0o600 })
    }
    const changes = this.#at('changes')
    execFileSync('mkfifo', [changes])
    // Opened for reading first: it waits for the writer.
    createReadStream(changes).on('data', () => {
      for (const onChange of this.#onChange) onChange()
    })
    this.#tmux('new-session', '-d', '-s', 't', ...SIZE, '-c', this.#home, 'cat')
    this.#tmux('set-option', '-t', 't', 'remain-on-exit', 'on')
    this.#tmux('pipe-pane', '-t', 't', `exec cat > ${changes}`)
    const command = [program, ...args]
    if (isNotForRoot && process.getuid?.() === 0) {
      execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, this.#home])
      command.unshift('setpriv', '--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups')
    }
    const env = [`HOME=${this.#home}`, 'TERM=screen-256color', 'LANG=C.UTF-8']
    for (const name of ['DATA', 'CONFIG', 'CACHE']) env.push(`XDG_${name}_HOME=`)
    this.#tmux('respawn-pane', '-k', '-t', 't', ['exec', 'env', ...env, ...command].join(' '))
    this.#pid = Number(this.#tmux('display-message', '-t', 't', '-p', '#{pane_pid}'))
  }

  /** Types a text, and resolves when the program shows it before the cursor. */
  async write(text: string): Promise<void> {
    this.#tmux('send-keys', '-t', 't', '-l', text)
    await this.#until(({ line }) => line.endsWith(text), `typed: ${text}`)
  }

  /** Types a line, and resolves when the program has taken it. */
  async type(line: string): Promise<void> {
    await this.write(line)
    this.press('Enter')
    await this.#until((screen) => !screen.line.endsWith(line), `taken: ${line}`)
  }

  /** Presses keys, by their names in tmux. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', '-t', 't', ...keys)
  }

  /** Resolves as soon as the screen shows this. */
  async shows(matches: RegExp): Promise<void> {
    await this.#until(({ text }) => matches.test(text), `shown: ${matches}`)
  }

  /** The screen as it is. */
  async capture(): Promise<string> {
    return (await this.#screen()).text
  }

  /** The screen for whoever wants to look, in the folder that SCREENSHOTS names; nothing without it. */
  async picture(name: string): Promise<void> {
    const folder = process.env.SCREENSHOTS
    if (!folder) return
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${name}.txt`), shortened(await this.capture()))
  }

  /** Ends the program at once, as when its machine loses power. */
  quit(): void {
    if (this.#isOver) return
    this.#isOver = true
    // Not all programs end with their terminal.
    process.kill(this.#pid, 'SIGKILL')
    this.#tmux('kill-server')
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Looks whenever the program has drawn. */
  async #until(holds: (screen: Screen) => boolean, what: string): Promise<void> {
    let hasChanged = true
    let isLate = false
    let wake = (): void => {}
    const onChange = (): void => {
      hasChanged = true
      wake()
    }
    const timer = setTimeout(() => {
      isLate = true
      wake()
    }, PATIENCE_MS)
    this.#onChange.add(onChange)
    try {
      for (;;) {
        if (!hasChanged && !isLate)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        hasChanged = false
        const screen = await this.#screen()
        if (holds(screen)) return
        if (isLate) throw new Error(`never ${what}\n${shortened(screen.text)}`)
      }
    } finally {
      clearTimeout(timer)
      this.#onChange.delete(onChange)
    }
  }

  async #screen(): Promise<Screen> {
    const cursor = ['display-message', '-t', 't', '-p', '#{cursor_x} #{cursor_y}', ';']
    const { stdout } = await run('tmux', ['-S', this.#at('tmux'), ...cursor, 'capture-pane', '-t', 't', '-p'])
    const [at = '', ...lines] = stdout.split('\n')
    const [x, y] = at.split(' ').map(Number)
    return { text: lines.join('\n'), line: (lines[y ?? 0] ?? '').slice(0, x) }
  }

  #at(name: string): string {
    return join(this.#home, name)
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#at('tmux'), ...args], { encoding: 'utf8' })
  }
}

/** Without the empty lines, frames aside. */
const shortened = (screen: string): string =>
  screen
    .split('\n')
    .filter((line) => /[^\s│]/.test(line))
    .join('\n')
