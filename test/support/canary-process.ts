// A canary that flies again and again, as a process of its own with metrics.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname

export class CanaryProcess {
  readonly #child: ChildProcess
  /** Of the metrics. */
  readonly port: number
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcess, port: number, lines: AsyncIterator<string>) {
    this.#child = child
    this.port = port
    this.#lines = lines
  }

  /** A round every second; the arguments are those of the command. */
  static async start(...args: string[]): Promise<CanaryProcess> {
    const all = [MAIN, 'canary', ...args, '--every', '1', '--listen', '127.0.0.1:0', '--json']
    const child = spawn(process.execPath, all, { env: { PATH: process.env.PATH ?? '' } })
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    const errors = createInterface({ input: child.stderr as NodeJS.ReadableStream })
    const [first] = (await once(errors, 'line')) as [string]
    const port = /^metrics on http:\/\/127\.0\.0\.1:(\d+)\//.exec(first)?.[1]
    if (port === undefined) throw new Error(first)
    return new CanaryProcess(child, Number(port), lines)
  }

  /** Resolves when one more round has come through. */
  async round(): Promise<unknown> {
    return JSON.parse((await this.#lines.next()).value ?? 'null')
  }

  /** Its metrics now. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text()
  }

  /** Resolves with the exit code. */
  async stop(): Promise<number | null> {
    const ended = once(this.#child, 'exit') as Promise<[number | null]>
    this.#child.kill()
    return (await ended)[0]
  }
}
