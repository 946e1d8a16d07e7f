/** Gajim on a screen of its own that nobody sees (Xvfb), driven over D-Bus, and by keys where it asks for words. */
import { type ChildProcess, execFile, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import Database from 'libsql'

const SCRIPT = new URL('../peers/gajim_account.py', import.meta.url).pathname
const PATIENCE_MS = 60_000
const APPLICATION = '/org/gajim/Gajim'
const WINDOW = `${APPLICATION}/window/1`
const MAIN_WINDOW = 'Gajim$'
const ACTIVATE = 'org.gtk.Actions.Activate'
/** Gajim refuses to be run by root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
const run = promisify(execFile)

/** An account NAME@localhost of a server on loopback, without TLS. */
export interface GajimAccount {
  readonly name: string
  readonly password: string
  readonly port: number
}

export class Gajim {
  readonly #home = mkdtempSync(join(tmpdir(), 'foyer-gajim-'))
  readonly #name: string
  #env: Record<string, string> = {}
  #children: ChildProcess[] = []
  #lines: string[] = []
  readonly #output = new EventEmitter()

  constructor({ name, password, port }: GajimAccount) {
    this.#name = name
    const folder = join(this.#home, '.config/gajim')
    const env = { PATH: '/usr/bin:/bin', HOME: this.#home }
    // Debian's Python has Gajim, even where another one comes first in the path.
    execFileSync('/usr/bin/python3', [SCRIPT, folder, String(port), name, password], { env, stdio: 'ignore' })
    if (NOBODY.uid !== undefined) execFileSync('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, this.#home])
  }

  /** Starts Gajim, which logs in by itself. A second start finds what the first one kept. */
  async start(): Promise<void> {
    this.#lines = []
    const screen = ['-displayfd', '3', '-screen', '0', '1200x800x24', '-nolisten', 'tcp']
    const xvfb = this.#spawn('Xvfb', screen, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
    const bus = ['--session', '--nofork', '--nosyslog', '--print-address']
    const dbus = this.#spawn('dbus-daemon', bus, { stdio: ['ignore', 'pipe', 'ignore'], ...NOBODY })
    this.#env = {
      PATH: '/usr/bin:/bin',
      HOME: this.#home,
      XDG_RUNTIME_DIR: this.#home,
      LANG: 'C.UTF-8',
      NO_AT_BRIDGE: '1',
      DISPLAY: `:${await firstLine(xvfb.stdio[3] as Readable)}`,
      DBUS_SESSION_BUS_ADDRESS: await firstLine(dbus.stdout as Readable),
    }
    const options = { env: this.#env, cwd: this.#home, ...NOBODY }
    const gajim = this.#spawn('gajim', ['-v'], { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    for (const stream of [gajim.stdout, gajim.stderr])
      createInterface({ input: stream as Readable }).on('line', (line) => {
        this.#lines.push(line)
        this.#output.emit('line')
      })
    await this.logged(/Raise event: signed-in/)
  }

  /** Resolves when a line of its log since the start is like this; stanzas are in it as they are sent and received. */
  logged(matches: RegExp): Promise<void> {
    return this.#logged(matches, 0)
  }

  /** To wait for a line after this call. */
  next(matches: RegExp): () => Promise<void> {
    const from = this.#lines.length
    return () => this.#logged(matches, from)
  }

  async #logged(matches: RegExp, from: number, patienceMs = PATIENCE_MS): Promise<void> {
    const signal = AbortSignal.timeout(patienceMs)
    let read = from
    for (;;) {
      const fresh = this.#lines.slice(read)
      if (fresh.some((line) => matches.test(line))) return
      read += fresh.length
      try {
        await once(this.#output, 'line', { signal })
      } catch {
        throw new Error(`never logged: ${matches}\n${this.#lines.slice(-100).join('\n')}`)
      }
    }
  }

  /** Functions of its own that failed on what came. */
  get failed(): string[] {
    return this.#lines.flatMap(
      (line) => /running an event handler: <bound method (\S+)/.exec(line)?.[1] ?? [],
    )
  }

  /** Says something in a room that it is in. */
  async say(room: string, text: string): Promise<void> {
    const method = 'org.gajim.dbus.RemoteInterface.send_groupchat_message'
    const deadline = performance.now() + PATIENCE_MS
    // It takes such calls from 5 s after its start on, and does not tell when.
    for (;;)
      try {
        await this.#call('/org/gajim/dbus/RemoteObject', method, [room, text, this.#name])
        return
      } catch (error) {
        if (!String(error).includes('UnknownMethod') || performance.now() > deadline) throw error
        await setTimeout(250)
      }
  }

  /** Takes another nick in a room that it is in. */
  async rename(room: string, nick: string): Promise<void> {
    await this.#activate('open-chat', [this.#name, room])
    await this.#focus(MAIN_WINDOW)
    // A moment after a room is shown it gives the keys to what is to be said, whatever has them then.
    await this.#pressUntil('x', /<composing/)
    await this.#press('ctrl+a', 'BackSpace')
    await this.#call(WINDOW, ACTIVATE, ['muc-change-nickname', '[]', '{}'])
    await this.#type(nick)
    await this.#press('Return')
  }

  /** Looks at the rooms of a service of its server; `seen` is in its log then. */
  async browse(service: string, seen: RegExp): Promise<void> {
    const services = this.next(/<item [^>]*jid=.lobbies/)
    await this.#activate(`${this.#name}-services`, this.#name)
    await this.#focus('Browsing localhost')
    await services()
    const rooms = this.next(seen)
    await this.#press('ctrl+a')
    await this.#type(service)
    await this.#press('Return')
    await rooms()
    await this.#press('Escape')
  }

  /** Asks to be let in to a room with a password, and gives it when it is asked for it. */
  async join(room: string, password: string): Promise<void> {
    const asked = this.next(/Signal: room-password-required/)
    // Until it has found the address it takes the key for the first room that it knows: each time it gets longer.
    for (let waitMs = 0, isFound = false; !isFound; waitMs += 500) {
      const from = this.#lines.length
      await this.#activate('open-chat', [this.#name, room])
      await this.#focus('Start / Join Chat')
      await setTimeout(waitMs)
      await this.#press('Return')
      isFound = await this.#logged(new RegExp(`to="${room}" type="get".*disco#info`), from, 2000).then(
        () => true,
        (error) => {
          if (waitMs > 10_000) throw error
          return false
        },
      )
    }
    // It knows by then what the room is like, or will in a moment.
    await this.#pressUntil('Return', new RegExp(`Join MUC: ${room}`))
    await asked()
    await this.#focus(MAIN_WINDOW)
    await this.#type(password)
    await this.#press('Return')
  }

  /** The screen for whoever wants to look, in the folder that SCREENSHOTS names; nothing without it. */
  async picture(name: string): Promise<void> {
    const folder = process.env.SCREENSHOTS
    if (!folder) return
    mkdirSync(folder, { recursive: true })
    await run('import', ['-window', 'root', join(folder, `${name}.png`)], { env: this.#env })
  }

  /** What it has in its history, oldest first. */
  messages(): string[] {
    const database = new Database(join(this.#home, '.local/share/gajim/logs.db'), { readonly: true })
    try {
      const rows = database.prepare('SELECT message FROM logs WHERE message IS NOT NULL ORDER BY time').all()
      return (rows as { message: string }[]).map(({ message }) => message)
    } finally {
      database.close()
    }
  }

  /** Ends it as a user does. */
  async quit(): Promise<void> {
    const gajim = this.#children.at(-1) as ChildProcess
    const ended = once(gajim, 'exit')
    await this.#activate('quit')
    await ended
    this.#stop()
  }

  dispose(): void {
    this.#stop()
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 })
  }

  #stop(): void {
    for (const child of this.#children.reverse()) child.kill('SIGKILL')
    this.#children = []
  }

  #spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const child = spawn(command, args, options)
    this.#children.push(child)
    return child
  }

  /** An action of the application, with what it is about. */
  async #activate(action: string, about?: string | readonly string[]): Promise<void> {
    const parameters = about === undefined ? '[]' : `[<${JSON.stringify(about)}>]`
    await this.#call(APPLICATION, ACTIVATE, [action, parameters, '{}'])
  }

  /** Gives the keys to a window, as soon as it is shown; nobody else does so here. */
  #focus(window: string): Promise<void> {
    const shown = ['search', '--sync', '--onlyvisible', '--name', `^${window}`]
    return this.#keyboard(...shown, 'windowfocus', '--sync')
  }

  #type(text: string): Promise<void> {
    return this.#keyboard('type', text)
  }

  #press(...keys: readonly string[]): Promise<void> {
    return this.#keyboard('key', ...keys)
  }

  /** Presses a key as often as it takes; it is lost on what is not ready for it. */
  async #pressUntil(key: string, matches: RegExp): Promise<void> {
    const from = this.#lines.length
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      await this.#press(key)
      try {
        await this.#logged(matches, from, 1000)
        return
      } catch (error) {
        if (performance.now() > deadline) throw error
      }
    }
  }

  async #keyboard(...args: readonly string[]): Promise<void> {
    await run('xdotool', args, { env: this.#env, timeout: PATIENCE_MS })
  }

  async #call(path: string, method: string, args: readonly string[]): Promise<void> {
    const to = ['--session', '--dest', 'org.gajim.Gajim', '--object-path', path, '--method', method]
    await run('gdbus', ['call', ...to, ...args], { env: this.#env, ...NOBODY })
  }
}

async function firstLine(stream: Readable): Promise<string> {
  const [line] = await once(createInterface({ input: stream }), 'line')
  return String(line)
}
