/** Server processes under measurement: started with the project's own Node, watched through /proc, ended by their handle. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SEC = 100

/** Seconds of CPU so far, user and system. */
export interface Cpu {
  readonly all: number
  /** The main thread alone: without garbage collection helpers, key making and signatures. */
  readonly main: number
}

/** One server process. */
export class ServerProcess {
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  cpu(): Cpu {
    return {
      all: seconds(`/proc/${this.pid}/stat`),
      main: seconds(`/proc/${this.pid}/task/${this.pid}/stat`),
    }
  }

  rssBytes(): number {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]
    return Number(kib) * 1024
  }

  /** Collects garbage in the process, which must have been started with a probe, and tells what is left. */
  heap(): Promise<NodeJS.MemoryUsage> {
    return new Promise((resolve) => {
      this.#child.once('message', (usage) => resolve(usage as NodeJS.MemoryUsage))
      this.#child.send('heap')
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.disconnect()
    await exited
  }
}

function seconds(statFile: string): number {
  // The name of the process, in parentheses, may hold blanks; utime and stime are the 14th and 15th field.
  const fields = readFileSync(statFile, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC
}

/** Starts Node; resolves with the process and what `ready` made of the first line of output that it takes. */
async function start<T>(
  args: readonly string[],
  { env = {}, ready }: { env?: Readonly<Record<string, string>>; ready: (line: string) => T | undefined },
): Promise<{ server: ServerProcess; value: T }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const value = await new Promise<T>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const found = ready(line)
      if (found !== undefined) resolve(found)
    })
  })
  return { server: new ServerProcess(child), value }
}

/** The floor: what one client sends is written to every socket of its room. */
export async function startFloor(): Promise<{ server: ServerProcess; port: number }> {
  const file = join(ROOT, 'bench/support/floor.ts')
  const { server, value } = await start(['--import', 'tsx', file], { ready: (line) => Number(line) })
  return { server, port: value }
}

/** A running gateway with its own new data folder. */
export interface Foyer {
  readonly server: ServerProcess
  readonly port: number
  /** From spawning to the log line that it is ready. */
  readonly startMs: number
  /** Resolves when every occupant's identity for the lobby network is made: until then key making uses CPU. */
  whenIdentitiesMade(): Promise<void>
  stop(): Promise<void>
}

/** Loaded into the gateway: tells its heap when asked, and ends it with the process that measures. */
const PROBE =
  'data:text/javascript,' +
  "process.on('message',()=>{gc();gc();process.send(process.memoryUsage())});" +
  "process.on('disconnect',()=>process.kill(process.pid,'SIGTERM'))"

/** Starts the gateway as it is built: embedded server, archive on disk, RetroShare without friends, level info. */
export async function startFoyer(
  options: { readonly data?: string; readonly nodeArgs?: readonly string[] } = {},
): Promise<Foyer> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'foyer-bench-'))
  const startedAtMs = performance.now()
  const { server, value: ports } = await start(
    [
      '--expose-gc',
      `--import=${PROBE}`,
      ...(options.nodeArgs ?? []),
      'dist/main.js',
      'start',
      '--data',
      data,
    ],
    {
      env: {
        FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
        FOYER_HTTP__LISTEN: '127.0.0.1:0',
        FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
      },
      ready: (line) => {
        const { msg, ports } = JSON.parse(line) as { msg: string; ports?: { c2s: number; http: number } }
        return msg === 'ready' ? ports : undefined
      },
    },
  )
  const startMs = performance.now() - startedAtMs
  return {
    server,
    port: ports.c2s,
    startMs,
    whenIdentitiesMade: async () => {
      const waiting = /^foyer_network_current\{.*what="waiting_speakers"\} (\d+)$/m
      while (true) {
        const text = await (await fetch(`http://127.0.0.1:${ports.http}/metrics`)).text()
        if (waiting.exec(text)?.[1] === '0') return
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    },
    stop: async () => {
      await server.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
