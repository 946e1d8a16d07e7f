// A real XMPP server as a child process on free loopback ports with its own folder: started, stopped, killed, started again.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What the servers of these tests have in common. Any account name is accepted with any password. */
export interface HostServerOptions {
  /** A XEP-0114 component that the server expects. */
  readonly component?: { readonly domain: string; readonly secret: string }
  /** A MUC service of the server's own. */
  readonly muc?: string
  /** More modules of Prosody's. */
  readonly modules?: readonly string[]
  /** Files with which Prosody offers STARTTLS to clients. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** Where a server listens. */
export interface HostPorts {
  readonly c2s: number
  readonly component: number
  /** Of Prosody, with the module `websocket`. */
  readonly http: number
}

/** How to run one kind of server in `folder`. */
export interface HostRecipe {
  readonly config: { readonly file: string; readonly text: string }
  readonly command: readonly [program: string, ...args: string[]]
  readonly env: Readonly<Record<string, string>>
  /** Part of the log lines, in any order, after which both ports are listened on. */
  readonly ready: readonly string[]
}

/** Domain `localhost`. A restart binds the same ports and finds the same data. */
export class HostServer {
  readonly ports: HostPorts
  readonly folder: string
  readonly #recipe: HostRecipe
  #child: ChildProcess | undefined
  #output: string[] = []

  private constructor(folder: string, ports: HostPorts, recipe: HostRecipe) {
    this.folder = folder
    this.ports = ports
    this.#recipe = recipe
  }

  /** Resolves when the server listens. */
  static async start(
    name: string,
    recipeOf: (folder: string, ports: HostPorts) => HostRecipe,
  ): Promise<HostServer> {
    const folder = mkdtempSync(join(tmpdir(), `foyer-${name}-`))
    const [c2s, component, http] = await freePorts(3)
    const ports = { c2s: c2s as number, component: component as number, http: http as number }
    const server = new HostServer(folder, ports, recipeOf(folder, ports))
    await server.start()
    return server
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('not running')
    return pid
  }

  /** The last lines that the server logged. */
  get log(): string {
    return this.#output.join('\n')
  }

  async start(): Promise<void> {
    const { config, command, env, ready } = this.#recipe
    const missing = new Set(ready)
    writeFileSync(join(this.folder, config.file), config.text)
    const [program, ...args] = command
    const child = spawn(program, args, {
      cwd: this.folder,
      env: { PATH: process.env.PATH ?? '', HOME: this.folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`${program} ended with ${code}\n${this.log}`)))
      for (const stream of [child.stdout, child.stderr])
        createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => {
          this.#output.push(line)
          if (this.#output.length > 500) this.#output.splice(0, 250)
          for (const part of missing) if (line.includes(part)) missing.delete(part)
          if (missing.size === 0) resolve()
        })
    })
  }

  /** Resolves when the process has ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.removeAllListeners('exit')
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Kills the process and removes its folder. */
  async dispose(): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Below the ports that systems hand out by themselves, so that nobody is given one of ours meanwhile. */
const FIRST_PORT = 20_000
const PORTS = 10_000

/** Ports that were free a moment ago: these servers cannot be asked which port they took. */
async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  while (servers.length < count) {
    const server = createServer()
    server.listen(FIRST_PORT + Math.floor(Math.random() * PORTS), '127.0.0.1')
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true)).once('error', () => resolve(false))
    })
    if (isFree) servers.push(server)
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
