// A real Prometheus watches a running gateway with the shipped rules: each failure, made to happen, fires its alert.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CanaryProcess } from '../support/canary-process.ts'
import { TestCertificates } from '../support/certificates.ts'
import { DOMAIN, FakeHost, SECRET } from '../support/fake-host.ts'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { PostgresServer } from '../support/postgres.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { Prometheus, promtool } from '../support/prometheus.ts'

const RULES = 'config/prometheus/foyer.rules.yml'
const rules = readFileSync(RULES, 'utf8')
/** As shipped, but that no alert waits to see whether the failure passes. */
const IMPATIENT = rules.replace(/^( +for: ).*$/gm, '$10s')
/** They may fire beside others: they also tell of a machine that is too busy, or of a lobby whose talk is not stored. */
const BESIDE = new Set(['FoyerDown', 'FoyerSlow', 'FoyerCanaryFailing', 'FoyerLobbiesUnheard'])
const DAY_MS = 86_400_000

/** Code that a process runs before all else. */
const preload = (code: string) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
})
const CLOCK_AHEAD = preload('const now = Date.now; Date.now = () => now() + 120000')
const DISK_FULL = preload(`
  import fs from 'node:fs/promises'
  import { syncBuiltinESMExports } from 'node:module'
  fs.statfs = async () => ({ bavail: 1000, bsize: 4096 })
  syncBuiltinESMExports()`)

interface MapView {
  readonly problems: readonly string[]
  readonly networks: readonly {
    readonly friends: readonly { readonly online: boolean; readonly clockOffsetMs: number | null }[]
    readonly lobbies: readonly { readonly id: string; readonly room: string; readonly participants: number }[]
  }[]
  readonly rooms: readonly { readonly gaps: { readonly since: string | null } }[]
}

describeWith(['prometheus', 'postgresql'], 'alerts', () => {
  const host = new FakeHost()
  const certificates = new TestCertificates()
  let postgres: PostgresServer
  let proxy: PostgresProxy
  let foyer: FoyerProcess
  let friend: FoyerProcess
  let canary: CanaryProcess
  let prometheus: Prometheus
  let room: string

  beforeAll(async () => {
    await host.listen()
    postgres = await PostgresServer.start()
    proxy = await PostgresProxy.start(postgres.port)
    foyer = await FoyerProcess.start({
      FOYER_ARCHIVE__URL: proxy.through(await postgres.database()),
      FOYER_XMPP__DOMAIN: DOMAIN,
      FOYER_XMPP__COMPONENT: JSON.stringify({ host: '127.0.0.1', port: host.port, secret: SECRET }),
      FOYER_XMPP__SERVER__TLS: JSON.stringify(certificates.files),
    })
    friend = await FoyerProcess.start()
    await befriend(foyer, friend)
    const lobby = await foyer.cli('lobby', 'create', 'Watched')
    await friend.cli('lobby', 'join', lobby)
    const map = await foyer.mapWhen<MapView>(
      ({ problems, networks, rooms }) =>
        problems.length === 0 &&
        networks[0]?.friends[0]?.clockOffsetMs != null &&
        rooms.some(({ gaps }) => gaps.since === null),
    )
    room = map.networks[0]?.lobbies.find(({ id }) => id === lobby)?.room ?? ''
    const { networks } = await friend.mapWhen<MapView>(({ networks }) =>
      (networks[0]?.lobbies ?? []).some(({ id }) => id === lobby),
    )
    const farRoom = networks[0]?.lobbies.find(({ id }) => id === lobby)?.room ?? ''
    canary = await CanaryProcess.start(farRoom, '--service', `xmpp://127.0.0.1:${friend.ports.c2s}`)
    await canary.round()
    prometheus = await Prometheus.start(
      { foyer: `127.0.0.1:${foyer.ports.http}`, canary: `127.0.0.1:${canary.port}` },
      IMPATIENT,
    )
  }, 120_000)

  afterAll(async () => {
    await prometheus.dispose()
    await canary.stop()
    await foyer.dispose()
    await friend.dispose()
    await proxy.stop()
    await postgres.dispose()
    await host.close()
    certificates.dispose()
  })

  /** Resolves when these fire; nothing else has then, but for what may fire beside them. */
  const expected = new Set<string>()
  async function fires(...names: string[]): Promise<void> {
    for (const name of names) {
      expected.add(name)
      const { labels, annotations } = await prometheus.firing(name)
      const { port } = name === 'FoyerCanaryFailing' ? canary : { port: foyer.ports.http }
      expect(labels.instance).toBe(`127.0.0.1:${port}`)
      expect(annotations.summary).toContain(name === 'FoyerLobbiesUnheard' ? '1 lobbies' : labels.instance)
    }
    expect([...prometheus.fired].filter((name) => !expected.has(name) && !BESIDE.has(name))).toEqual([])
  }

  test('a host server that is away is told, until it is back', async () => {
    await host.close()
    await fires('FoyerHostServerLost', 'FoyerNotReady')
    await host.listen()
    await prometheus.over('FoyerHostServerLost')
    await prometheus.over('FoyerNotReady')
  }, 60_000)

  test('an archive that is out of reach is told, and what is refused meanwhile', async () => {
    const ann = `from='ann@example.org/phone' to='${room}`
    host.send(`<presence ${ann}/Ann'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
    await host.stanza(({ name, attrs }) => name === 'message' && attrs.from === room)
    proxy.setAway(true)
    host.send(`<message ${ann}' type='groupchat' id='lost'><body>Hello</body></message>`)
    await host.stanza(({ attrs }) => attrs.id === 'lost' && attrs.type === 'error')
    // What comes from the lobby meanwhile is not stored either: it counts as not heard.
    await fires('FoyerArchiveDown', 'FoyerMessagesRefused')
    proxy.setAway(false)
    await prometheus.over('FoyerArchiveDown')
    await prometheus.over('FoyerLobbiesUnheard')
  }, 60_000)

  test('a friend that is gone is told, the silence in its lobby, and the canary that it cannot hear', async () => {
    await friend.stop()
    await fires('FoyerNoFriends', 'FoyerLobbiesUnheard', 'FoyerCanaryFailing')
  }, 60_000)

  test('a clock that differs from those of friends is told', async () => {
    await friend.start(CLOCK_AHEAD)
    await fires('FoyerClockWrong')
    await prometheus.over('FoyerNoFriends')
  }, 60_000)

  test('a certificate that ends soon is told once it is in use', async () => {
    certificates.renew('localhost', Date.now() + 5 * DAY_MS)
    process.kill(foyer.pid, 'SIGHUP')
    await fires('FoyerCertificateEnds')
  }, 60_000)

  test('a process that stands still is told', async () => {
    process.kill(foyer.pid, 'SIGSTOP')
    // The failure itself: so long nothing moves.
    await new Promise((resolve) => setTimeout(resolve, 4500))
    process.kill(foyer.pid, 'SIGCONT')
    await fires('FoyerSlow')
  }, 60_000)

  test('a process that is gone is told, one that is started again and again, and a disk that is nearly full', async () => {
    for (let n = 0; n < 3; n++) {
      await foyer.stop('SIGKILL')
      await fires('FoyerDown')
      await foyer.start(n === 2 ? DISK_FULL : {})
      await prometheus.over('FoyerDown')
    }
    await fires('FoyerRestarting', 'FoyerDiskFilling')
  }, 90_000)

  test('every alert was made to fire', () => {
    const { groups } = parse(rules) as { groups: { rules: { alert: string }[] }[] }
    const names = groups.flatMap((group) => group.rules.map(({ alert }) => alert))
    expect([...expected].sort()).toEqual(names.sort())
  })

  test('every query of the dashboard is one that Prometheus can answer', async () => {
    const { panels } = JSON.parse(readFileSync('config/grafana/foyer.json', 'utf8')) as {
      panels: { title: string; targets?: { expr: string }[] }[]
    }
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    expect(queries.length).toBeGreaterThan(30)
    const fill = (text: string): string =>
      text.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '5m')
    await Promise.all(queries.map((text) => prometheus.query(fill(text))))
  })
})

describeWith(['prometheus'], 'the shipped files', () => {
  test('are accepted by promtool', async () => {
    expect(await promtool('check', 'rules', RULES)).toContain('SUCCESS')
    expect(await promtool('check', 'config', 'config/prometheus/prometheus.yml')).toContain('SUCCESS')
  })

  test('wait as long as they say before they fire', async () => {
    expect(await promtool('test', 'rules', 'test/e2e/alerts.promtool.yml')).toContain('SUCCESS')
  })
})
