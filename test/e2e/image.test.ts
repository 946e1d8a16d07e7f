// What the image does, without a Docker engine: the Dockerfile's own commands in a clean folder with a clean environment.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'foyer-image-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = readFileSync('Dockerfile', 'utf8').replace(/\\\n\s*/g, ' ')
const [, build = '', final = ''] = text.split(/^FROM /m)
const all = (stage: string, instruction: string): string[] =>
  [...stage.matchAll(new RegExp(`^ *${instruction} (.*)$`, 'gm'))].map(([, rest = '']) => rest)
/** The words of an instruction in exec form. */
const words = (instruction: string): string[] =>
  JSON.parse(/\[.*\]/.exec(all(final, instruction)[0] ?? '')?.[0] ?? '[]') as string[]
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`

/** Copies what a COPY names, from a folder to another. */
function copy(instruction: string, from: string, to: string): void {
  const parts = instruction.split(' ').filter((part) => !part.startsWith('--'))
  const target = join(to, parts.at(-1) ?? '')
  for (const source of parts.slice(0, -1)) {
    const name = source.replace(/^\/app\//, '')
    const isFolder = parts.length === 2 && !(parts[1] as string).endsWith('/')
    cpSync(join(from, name), isFolder ? target : join(target, name), {
      recursive: true,
      verbatimSymlinks: true,
    })
  }
}

/** Makes a folder of packages that has those of production alone, each a link. */
function keepProduction(from: string, to: string): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  for (const [path, { dev }] of Object.entries(packages)) {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? []
    if (name === undefined || dev || !existsSync(join(from, name))) continue
    mkdirSync(dirname(join(to, name)), { recursive: true })
    symlinkSync(join(from, name), join(to, name))
  }
}

test('is built by its commands, runs with what it was given alone, is healthy, and ends in order', async () => {
  const stage = join(folder, 'build')
  mkdirSync(stage)
  for (const instruction of all(build, 'COPY')) copy(instruction, '.', stage)
  // The registry is asked where packages are installed, and what it gave is here; which of it stays, the lock says.
  expect(all(build, 'RUN')).toEqual(['npm ci', 'npm run build && npm prune --omit=dev'])
  const modules = realpathSync('node_modules')
  symlinkSync(modules, join(stage, 'node_modules'))
  await run('npm', ['run', 'build'], { cwd: stage, env: { PATH, HOME: folder } })
  rmSync(join(stage, 'node_modules'))
  keepProduction(modules, join(stage, 'node_modules'))

  const app = join(folder, 'app')
  const data = join(folder, 'data')
  mkdirSync(app)
  mkdirSync(data, { mode: 0o700 })
  for (const instruction of all(final, 'COPY'))
    copy(instruction, instruction.startsWith('--from=build') ? stage : '.', app)
  rmSync(stage, { recursive: true })

  const env: Record<string, string> = { PATH }
  for (const [, name = '', value = ''] of all(final, 'ENV')
    .join(' ')
    .matchAll(/(\w+)=(\S+)/g))
    env[name] = value
  expect(env).toMatchObject({ NODE_ENV: 'production', FOYER_DATA: '/data' })
  const options = {
    cwd: app,
    env: {
      ...env,
      // Packages are looked for where the links are, not where they lead.
      NODE_OPTIONS: '--preserve-symlinks',
      FOYER_DATA: data,
      FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
      FOYER_HTTP__LISTEN: '127.0.0.1:0',
      FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
    },
  }
  const [program = '', ...args] = [...words('ENTRYPOINT'), ...words('CMD')]
  const health = words('HEALTHCHECK')
  expect(health[0]).toBe('node')
  const unhealthy = run(health[0] as string, health.slice(1), options)
  await expect(unhealthy).rejects.toMatchObject({ code: 1 })

  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let ports: { http: number } | undefined
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes('"msg":"ready"')) {
      ports = JSON.parse(line).ports
      break
    }
  expect(ports).toBeDefined()
  expect((await run(health[0] as string, health.slice(1), options)).stdout).toMatch(/^Foyer /)
  expect((await run(program, ['dist/main.js', 'invite'], options)).stdout).not.toBe('')
  for (const path of ['/', '/chat/', '/readyz'])
    expect((await fetch(`http://127.0.0.1:${ports?.http}${path}`)).status, path).toBe(200)
  child.kill('SIGTERM')
  child.stdout.resume()
  expect(await ended).toEqual([0, null])
}, 180_000)
