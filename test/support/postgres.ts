// A real PostgreSQL cluster on loopback in a temporary folder: started, restarted, killed, and ended by pid.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)
const VERSIONS = '/usr/lib/postgresql'

/** The folder of the newest installed server's programs, or undefined. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined
  return readdirSync(VERSIONS)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')))
}

/** The server refuses to run as root: then it runs as the account that its package made. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

export class PostgresServer {
  readonly #programs: string
  readonly #folder: string
  readonly #account: { uid?: number; gid?: number }
  readonly password = randomBytes(12).toString('hex')
  readonly port: number
  #child: ChildProcess | undefined
  #log: string[] = []
  #databases = 0

  private constructor(
    programs: string,
    folder: string,
    account: { uid?: number; gid?: number },
    port: number,
  ) {
    this.#programs = programs
    this.#folder = folder
    this.#account = account
    this.port = port
  }

  static async start(): Promise<PostgresServer> {
    const programs = postgresPrograms()
    if (programs === undefined) throw new Error('PostgreSQL is not installed')
    const account = unprivileged()
    const folder = mkdtempSync(join(tmpdir(), 'foyer-pg-'))
    const server = new PostgresServer(programs, folder, account, await freePort())
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, server.password)
    for (const path of [folder, passwordFile])
      if (account.uid !== undefined && account.gid !== undefined) chownSync(path, account.uid, account.gid)
    chmodSync(folder, 0o700)
    const options = ['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', '--auth=scram-sha-256']
    await run(
      join(programs, 'initdb'),
      [...options, '--username=foyer', `--pwfile=${passwordFile}`, join(folder, 'data')],
      { ...account, cwd: folder },
    )
    await server.start()
    return server
  }

  /** Resolves when it accepts connections; tries again while processes of a killed server are still ending. */
  async start(): Promise<void> {
    while (!(await this.#start()));
  }

  /** The URL of a database, an empty one of its own unless named. */
  async database(name?: string): Promise<string> {
    const database = name ?? `test${this.#databases++}`
    if (name === undefined) await this.sql(`CREATE DATABASE ${database}`)
    return `postgres://foyer:${this.password}@127.0.0.1:${this.port}/${database}`
  }

  /** Runs statements through psql; what they give, unadorned. */
  async sql(text: string, database = 'postgres'): Promise<string> {
    const { stdout } = await run(
      join(this.#programs, 'psql'),
      [
        '-X',
        '-q',
        '-A',
        '-t',
        '-v',
        'ON_ERROR_STOP=1',
        '-h',
        '127.0.0.1',
        '-p',
        String(this.port),
        '-c',
        text,
        database,
      ],
      { env: { PGPASSWORD: this.password, PGUSER: 'foyer', PATH: process.env.PATH ?? '' }, cwd: '/' },
    )
    return stdout.trim()
  }

  /** SIGINT is its fast shutdown, SIGQUIT a crash of all its processes, SIGKILL leaves them to notice. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Stops the processes in their tracks, or lets them go on: a server that is there and says nothing. */
  freeze(isFrozen: boolean): void {
    const signal = isFrozen ? 'SIGSTOP' : 'SIGCONT'
    const parent = this.#child?.pid ?? 0
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' })
    for (const pid of [parent, ...children.trim().split(/\s+/).map(Number)])
      if (pid > 0) process.kill(pid, signal)
  }

  async dispose(): Promise<void> {
    await this.stop('SIGQUIT')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** False when it must be tried again. */
  #start(): Promise<boolean> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: this.#folder,
      shared_buffers: '16MB',
      max_connections: '40',
      dynamic_shared_memory_type: 'mmap',
      // Tests kill processes, never the machine.
      fsync: 'off',
    }
    const child = spawn(
      join(this.#programs, 'postgres'),
      [
        '-D',
        join(this.#folder, 'data'),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      {
        ...this.#account,
        cwd: this.#folder,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { LC_ALL: 'C.UTF-8' },
      },
    )
    this.#child = child
    this.#log = []
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => {
        const text = this.#log.join('\n')
        if (/lock file|shared memory block|still in use/.test(text)) resolve(false)
        else reject(new Error(`postgres ended with ${code}\n${text}`))
      })
      createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
        this.#log = [...this.#log.slice(-50), line]
        if (line.includes('database system is ready to accept connections')) {
          child.removeAllListeners('exit')
          resolve(true)
        }
      })
    })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
