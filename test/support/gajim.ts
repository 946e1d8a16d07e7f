/** Gajim on a screen of its own that nobody sees (Xvfb), driven over D-Bus: no keys, no clicks. */
import { type ChildProcess, execFile, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import Database from 'libsql'

const SCRIPT = new URL('../peers/gajim_account.py', import.meta.url).pathname
const PATIENCE_MS = 60_000
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
  async logged(matches: RegExp): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    let read = 0
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
    await this.#call('/org/gajim/Gajim', 'org.gtk.Actions.Activate', ['quit', '[]', '{}'])
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

  async #call(path: string, method: string, args: readonly string[]): Promise<void> {
    const to = ['--session', '--dest', 'org.gajim.Gajim', '--object-path', path, '--method', method]
    await run('gdbus', ['call', ...to, ...args], { env: this.#env, ...NOBODY })
  }
}

async function firstLine(stream: Readable): Promise<string> {
  const [line] = await once(createInterface({ input: stream }), 'line')
  return String(line)
}
