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

interface ServerParts {
  readonly programs: string
  readonly folder: string
  readonly account: { readonly uid?: number; readonly gid?: number }
  readonly settings: Readonly<Record<string, string>>
  readonly port: number
}

/** Arguments of openssl: a self-signed certificate for localhost. */
const CERTIFICATE =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost ' +
  '-addext subjectAltName=DNS:localhost -keyout tls.key -out tls.pem'

export class PostgresServer {
  readonly #programs: string
  readonly #folder: string
  readonly #account: ServerParts['account']
  readonly #settings: ServerParts['settings']
  readonly password = randomBytes(12).toString('hex')
  readonly port: number
  #child: ChildProcess | undefined
  #log: string[] = []
  #databases = 0

  private constructor({ programs, folder, account, settings, port }: ServerParts) {
    this.#programs = programs
    this.#folder = folder
    this.#account = account
    this.#settings = settings
    this.port = port
  }

  /** `settings` beside those of every test; `isTls`: with a certificate of its own for localhost. */
  static async start({ settings = {}, isTls = false } = {}): Promise<PostgresServer> {
    const programs = postgresPrograms()
    if (programs === undefined) throw new Error('PostgreSQL is not installed')
    const account = unprivileged()
    const folder = mkdtempSync(join(tmpdir(), 'foyer-pg-'))
    const server = new PostgresServer({
      programs,
      folder,
      account,
      settings: isTls
        ? { ssl: 'on', ssl_cert_file: '../tls.pem', ssl_key_file: '../tls.key', ...settings }
        : settings,
      port: await freePort(),
    })
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, server.password)
    if (account.uid !== undefined && account.gid !== undefined)
      for (const path of [folder, passwordFile]) chownSync(path, account.uid, account.gid)
    chmodSync(folder, 0o700)
    if (isTls) await run('openssl', CERTIFICATE.split(' '), { ...account, cwd: folder })
    const options = ['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', '--auth=scram-sha-256']
    await run(
      join(programs, 'initdb'),
      [...options, '--username=foyer', `--pwfile=${passwordFile}`, join(folder, 'data')],
      { ...account, cwd: folder },
    )
    await server.start()
    return server
  }

  /** File of the certificate. */
  get certificate(): string {
    return join(this.#folder, 'tls.pem')
  }

  /** Folder of the Unix socket. */
  get folder(): string {
    return this.#folder
  }

  /** Its main process. */
  get pid(): number {
    return this.#child?.pid ?? 0
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
      ...this.#settings,
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
