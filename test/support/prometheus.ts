// A real Prometheus on loopback in a temporary folder that evaluates our rules, and tells this process of its alerts.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const PROMETHEUS = '/usr/bin/prometheus'
const PROMTOOL = '/usr/bin/promtool'
const TIMEOUT_MS = 40_000

/** One alert as Prometheus sends it to an Alertmanager. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** In the past when it is over. */
  readonly endsAt: string
}

/** What promtool says; rejects with it when something is wrong. */
export const promtool = async (...args: string[]): Promise<string> => (await run(PROMTOOL, args)).stdout

export class Prometheus {
  readonly #folder = mkdtempSync(join(tmpdir(), 'foyer-prometheus-'))
  readonly #receiver: Server
  readonly #firing = new Map<string, Alert>()
  /** Names of all alerts that ever fired. */
  readonly fired = new Set<string>()
  #waiting: { isDone: () => boolean; resolve: () => void }[] = []
  #child: ChildProcess | undefined
  #log: string[] = []
  #port = 0

  private constructor() {
    this.#receiver = createServer((request, response) => {
      void json(request).then((alerts) => {
        this.#take(alerts as readonly Alert[])
        response.end()
      })
    })
  }

  /** `targets`: `host:port` by job; scraped and judged by `rules` (text of a rule file) every second. */
  static async start(targets: Readonly<Record<string, string>>, rules: string): Promise<Prometheus> {
    const prometheus = new Prometheus()
    await prometheus.#start(targets, rules)
    return prometheus
  }

  /** Resolves with the alert as soon as it fires, or with what is known of it when it does already. */
  async firing(name: string): Promise<Alert> {
    await this.#when(() => this.#firing.has(name), `${name} never fired`)
    return this.#firing.get(name) as Alert
  }

  /** Resolves when the alert does not fire. */
  over(name: string): Promise<void> {
    return this.#when(() => !this.#firing.has(name), `${name} never ended`)
  }

  /** The values of a query now. */
  async query(expression: string): Promise<readonly string[]> {
    const url = `http://127.0.0.1:${this.#port}/api/v1/query?query=${encodeURIComponent(expression)}`
    const answer = (await (await fetch(url)).json()) as {
      status: string
      error?: string
      data: { result: { value: [number, string] }[] }
    }
    if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`)
    return answer.data.result.map(({ value }) => value[1])
  }

  async dispose(): Promise<void> {
    const child = this.#child
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    this.#receiver.closeAllConnections()
    this.#receiver.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #start(targets: Readonly<Record<string, string>>, rules: string): Promise<void> {
    this.#receiver.listen(0, '127.0.0.1')
    await once(this.#receiver, 'listening')
    const { port } = this.#receiver.address() as AddressInfo
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${port}`] }] }] },
      scrape_configs: Object.entries(targets).map(([job, target]) => ({
        job_name: job,
        static_configs: [{ targets: [target] }],
      })),
    }
    writeFileSync(join(this.#folder, 'rules.yml'), rules)
    // JSON is YAML too.
    writeFileSync(join(this.#folder, 'prometheus.yml'), JSON.stringify(config))
    const options = ['config.file=prometheus.yml', 'storage.tsdb.path=data', 'web.listen-address=127.0.0.1:0']
    const child = spawn(
      PROMETHEUS,
      options.map((option) => `--${option}`),
      { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#child = child
    this.#port = await new Promise((resolve, reject) => {
      child.once('exit', (code) =>
        reject(new Error(`prometheus ended with ${code}\n${this.#log.join('\n')}`)),
      )
      createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
        this.#log = [...this.#log.slice(-50), line]
        const address = /Listening on" address=127\.0\.0\.1:(\d+)/.exec(line)?.[1]
        if (address !== undefined) resolve(Number(address))
      })
    })
  }

  #take(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      const name = alert.labels.alertname ?? ''
      if (Date.parse(alert.endsAt) <= Date.now()) this.#firing.delete(name)
      else {
        this.#firing.set(name, alert)
        this.fired.add(name)
      }
    }
    const done = this.#waiting.filter(({ isDone }) => isDone())
    this.#waiting = this.#waiting.filter((waiting) => !done.includes(waiting))
    for (const { resolve } of done) resolve()
  }

  #when(isDone: () => boolean, otherwise: string): Promise<void> {
    if (isDone()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${otherwise}; firing: ${[...this.#firing.keys()]}`)),
        TIMEOUT_MS,
      )
      this.#waiting.push({
        isDone,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
      })
    })
  }
}
