// A real Foyer process on loopback with its own data folder: started, asked over the CLI, stopped or killed.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { mapWhen } from './map-events.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const run = promisify(execFile)

export interface FoyerPorts {
  readonly c2s: number
  /** Only with a certificate. */
  readonly c2sTls?: number
  readonly http: number
  readonly retroshare: number
}

const PORT_KEYS = {
  FOYER_XMPP__SERVER__LISTEN: 'c2s',
  FOYER_HTTP__LISTEN: 'http',
  FOYER_RETROSHARE__LISTEN: 'retroshare',
} as const

/** Starts on free ports; a restart binds the same ports again, so that friends find it. */
export class FoyerProcess {
  readonly data: string
  readonly #env: Record<string, string>
  #child: ChildProcess | undefined
  #ports: FoyerPorts | undefined
  #output: string[] = []
  /** Where the lines of the current run begin. */
  #runFrom = 0
  readonly #onLine: ((line: string) => void)[] = []

  private constructor(data: string, env: Record<string, string>) {
    this.data = data
    this.#env = env
  }

  static async start(env: Record<string, string> = {}): Promise<FoyerProcess> {
    const foyer = new FoyerProcess(mkdtempSync(join(tmpdir(), 'foyer-')), env)
    await foyer.start()
    return foyer
  }

  /** In a folder that may hold state already; `beforehand` is a command to run on it first. */
  static async startIn(data: string, { beforehand = [] as string[] } = {}): Promise<FoyerProcess> {
    const foyer = new FoyerProcess(data, {})
    if (beforehand.length > 0) await foyer.cli(...beforehand)
    await foyer.start()
    return foyer
  }

  get ports(): FoyerPorts {
    if (!this.#ports) throw new Error('not ready')
    return this.#ports
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('not running')
    return pid
  }

  /** The last lines of the log, for messages of failed tests. */
  get log(): string {
    return this.#output.slice(-200).join('\n')
  }

  /** Resolves with the first line that this run of the process logged, or will log, with this message. */
  logged(message: string, timeoutMs = 20_000): Promise<string> {
    const matches = (line: string): boolean => line.includes(`"msg":"${message}"`)
    const past = this.#output.slice(this.#runFrom).find(matches)
    if (past !== undefined) return Promise.resolve(past)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never logged: ${message}\n${this.log}`)), timeoutMs)
      this.#onLine.push((line) => {
        if (!matches(line)) return
        clearTimeout(timer)
        resolve(line)
      })
    })
  }

  /** `env` is added to what the first start was given. */
  async start(env: Record<string, string> = {}): Promise<void> {
    const ports: Record<string, string> = {}
    for (const [key, name] of Object.entries(PORT_KEYS))
      if (name !== 'c2s' || this.#env.FOYER_XMPP__SERVER !== 'null')
        ports[key] = `127.0.0.1:${this.#ports?.[name] ?? 0}`
    const child = spawn(process.execPath, [MAIN, 'start', '--data', this.data], {
      env: { PATH: process.env.PATH ?? '', FOYER_LOG__LEVEL: 'debug', ...ports, ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#runFrom = this.#output.length
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#output.push(text))
    this.#ports = await new Promise<FoyerPorts>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`foyer ended with ${code}\n${this.log}`)))
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        this.#output.push(line)
        for (const onLine of this.#onLine) onLine(line)
        if (this.#output.length > 5000) {
          this.#output.splice(0, 2500)
          this.#runFrom = Math.max(0, this.#runFrom - 2500)
        }
        if (line.includes('"msg":"ready"')) resolve((JSON.parse(line) as { ports: FoyerPorts }).ports)
      })
    })
  }

  /** Runs a CLI command against this process; resolves with its standard output, trimmed. */
  cli(...args: string[]): Promise<string> {
    return this.cliWith('', ...args)
  }

  /** The same, with this text as standard input. */
  async cliWith(input: string, ...args: string[]): Promise<string> {
    const running = run(process.execPath, [MAIN, ...args, '--data', this.data], {
      env: { PATH: process.env.PATH ?? '' },
      maxBuffer: 64 * 1024 * 1024,
    })
    running.child.stdin?.end(input)
    return (await running).stdout.trim()
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.cli(...args, '--json')) as T
  }

  async http(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.ports.http}${path}`)
  }

  /** Resolves with the map as soon as `isWanted` holds for it; events, not polling. */
  mapWhen<T>(isWanted: (map: T) => boolean, timeoutMs?: number): Promise<T> {
    return mapWhen(this.ports.http, isWanted, timeoutMs)
  }

  /** Signals the process and resolves with its exit code (null when a signal ended it). */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    child.removeAllListeners('exit')
    const ended = once(child, 'exit') as Promise<[number | null]>
    child.kill(signal)
    return (await ended)[0]
  }

  /** Stops and removes the data folder. */
  async dispose(): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.data, { recursive: true, force: true })
  }
}

/** Makes two processes friends by their invites, `a` dialling with a short and `b` knowing the long one. */
export async function befriend(a: FoyerProcess, b: FoyerProcess): Promise<void> {
  await b.cli('friend', 'add', await a.cli('invite', '--long'))
  await a.cli('friend', 'add', await b.cli('invite'))
}
