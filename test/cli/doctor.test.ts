// Each fault that the doctor knows is made, found, and answered with its mend; a healthy gateway gives no complaint.

import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { adminSocket } from '../../src/admin/protocol.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import {
  checkCertificate,
  checkData,
  checkDatabaseFile,
  checkDisk,
  checkSecrets,
  checkVersion,
} from '../../src/cli/doctor/machine.ts'
import {
  checkDatabaseServer,
  checkFreePorts,
  checkHostServer,
  checkNames,
  checkOpenPorts,
} from '../../src/cli/doctor/network.ts'
import { checkClock, checkFriends, checkRunning } from '../../src/cli/doctor/running.ts'
import { examine } from '../../src/cli/doctor.ts'
import { type Config, loadConfig } from '../../src/config.ts'
import type { GatewayStatus } from '../../src/gateway/status.ts'
import { TestCertificates } from '../support/certificates.ts'
import { DOMAIN, FakeHost, SECRET } from '../support/fake-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'foyer-doctor-'))
const certificates = new TestCertificates('chat.foyer.im')
afterAll(() => {
  rmSync(folder, { recursive: true })
  certificates.dispose()
})

const configOf = (env: Record<string, string> = {}): Config =>
  loadConfig({
    env: {
      FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
      FOYER_HTTP__LISTEN: '127.0.0.1:0',
      FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
      ...env,
    },
    dataOverride: join(folder, 'data'),
  })
const brief = (findings: readonly Finding[]): string[] =>
  findings.map(({ check, verdict }) => `${check} ${verdict}`)

test('whatever is not well has a mend', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const config = configOf({
    FOYER_HTTP__LISTEN: `127.0.0.1:${port}`,
    FOYER_RETROSHARE__LISTEN: '192.0.2.1:0',
  })
  const findings = await checkFreePorts(config)
  expect(brief(findings)).toEqual(['ports ok', 'ports fail', 'ports fail'])
  expect(findings[1]?.text).toMatch(/taken by another/)
  expect(findings[2]?.text).toMatch(/no address of this machine/)
  for (const { verdict, mend } of findings) expect(mend !== undefined).toBe(verdict !== 'ok')
  expect(brief(await checkOpenPorts([['http.listen', config.http.listen]]))).toEqual(['ports ok'])
  taken.close()
  await once(taken, 'close')
  expect(brief(await checkOpenPorts([['http.listen', config.http.listen]]))).toEqual(['ports fail'])
})

test('the host server is asked with the secret, and what it says is told', async () => {
  const host = await FakeHost.start()
  const check = (secret: string) =>
    checkHostServer(
      configOf({
        FOYER_XMPP__DOMAIN: DOMAIN,
        FOYER_XMPP__COMPONENT: JSON.stringify({ host: '127.0.0.1', port: host.port, secret }),
      }),
    )
  expect(brief(await check(SECRET))).toEqual(['host server ok'])
  const [refused] = await check('wrong')
  expect([refused?.verdict, refused?.mend]).toEqual([
    'fail',
    expect.stringContaining('same domain and secret'),
  ])
  host.manners = { error: 'conflict' }
  expect((await check(SECRET))[0]?.mend).toContain('end the other gateway')
  await host.close()
  expect((await check(SECRET))[0]?.mend).toContain('start the host server')
  expect(await checkHostServer(configOf())).toEqual([])
})

test('a certificate is judged as a start would', () => {
  const config = configOf({
    FOYER_XMPP__SERVER__DOMAIN: 'chat.foyer.im',
    FOYER_XMPP__SERVER__TLS: JSON.stringify(certificates.files),
  })
  expect(brief(checkCertificate(config, Date.now()))).toEqual(['certificate ok'])
  expect(checkCertificate(config, Date.now() + 360 * 86_400_000)[0]?.text).toContain('expires soon')
  expect(brief(checkCertificate(config, Date.now() + 3_600 * 86_400_000))).toEqual(['certificate fail'])
  const none = configOf({ FOYER_XMPP__SERVER__TLS: JSON.stringify({ cert: '/none', key: '/none' }) })
  expect(brief(checkCertificate(none, Date.now()))).toEqual(['certificate fail'])
  expect(checkCertificate(configOf(), Date.now())).toEqual([])
})

test('names are looked up only where others must find them', async () => {
  const nothing = { addresses: async () => [], services: async () => [] }
  expect(await checkNames(configOf(), nothing)).toEqual([])
  const config = configOf({
    FOYER_XMPP__SERVER__DOMAIN: 'chat.foyer.im',
    FOYER_XMPP__SERVER__LISTEN: '0.0.0.0:15222',
    FOYER_XMPP__SERVER__AUTH: 'accounts',
    FOYER_XMPP__SERVER__TLS: JSON.stringify(certificates.files),
    FOYER_RETROSHARE__ADVERTISE: 'node.foyer.im:7812',
    FOYER_XMPP__DOMAIN: 'lobbies.foyer.im',
    FOYER_XMPP__COMPONENT: JSON.stringify({ secret: 'x' }),
  })
  expect(brief(await checkNames(config, nothing))).toEqual(['DNS fail', 'DNS fail', 'DNS fail', 'DNS warn'])
  const all = {
    addresses: async (name: string) => [`192.0.2.${name.length}`],
    services: async () => [{ name: 'host.foyer.im', port: 15222 }],
  }
  expect(brief(await checkNames(config, all))).toEqual(['DNS ok', 'DNS ok', 'DNS ok'])
  const lost = { addresses: () => Promise.reject(new Error()), services: () => Promise.reject(new Error()) }
  expect(brief(await checkNames(config, lost))).toHaveLength(4)
})

test('folder, files and secrets are for their owner', () => {
  const config = configOf()
  expect(brief(checkData(config))).toEqual(['data ok'])
  mkdirSync(config.data, { mode: 0o755 })
  chmodSync(config.data, 0o755)
  expect(checkData(config)[0]).toMatchObject({ verdict: 'warn', mend: `chmod go= ${config.data}` })
  chmodSync(config.data, 0o700)
  expect(brief(checkData(config))).toEqual(['permissions ok'])
  expect(brief(checkDatabaseFile(config))).toEqual(['database ok'])
  expect(brief([checkDisk(config)])).toEqual(['disk ok'])
  const secret = join(folder, 'secret')
  writeFileSync(secret, 's', { mode: 0o644 })
  expect(brief(checkSecrets({ FOYER_HTTP__TOKEN_FILE: secret, OTHER_FILE: secret }))).toEqual([
    'permissions warn',
  ])
  chmodSync(secret, 0o640)
  expect(brief(checkSecrets({ FOYER_HTTP__TOKEN_FILE: secret }))).toEqual(['permissions ok'])
})

test('a database server that is not there is told without its password', async () => {
  const [finding] = await checkDatabaseServer(
    configOf({ FOYER_ARCHIVE__URL: 'postgres://u:hidden@127.0.0.1:1/d' }),
  )
  expect(finding?.verdict).toBe('fail')
  expect(JSON.stringify(finding)).not.toContain('hidden')
})

test('versions, clock and the problems of a running gateway are told', () => {
  expect(['20.18.9', '18.99.0', '20.19.0', '24.0.0'].map((v) => checkVersion(v).verdict)).toEqual([
    'fail',
    'fail',
    'ok',
    'ok',
  ])
  const status = {
    version: '0.0.1',
    networks: [{ friends: 1 }],
    problems: ['archive: lost'],
    clockOffsetSec: null,
  }
  const of = (clockOffsetSec: number | null) =>
    checkClock({ ...status, clockOffsetSec } as unknown as GatewayStatus)
  expect([of(null), of(2), of(-31)].map(({ verdict }) => verdict)).toEqual(['warn', 'ok', 'fail'])
  expect(of(-31.002).text).toContain('31 s behind')
  expect(of(10_799.999).text).toContain('3h ahead')
  expect(brief(checkRunning(status as unknown as GatewayStatus))).toEqual(['gateway warn', 'gateway fail'])
  const linked = { ...status, hostServer: { domain: 'a.example', linked: true } }
  expect(brief(checkRunning(linked as unknown as GatewayStatus))).toContain('host server ok')
  expect(brief(checkRunning(undefined))).toEqual(['gateway warn'])
})

test('a gateway that does not answer is one all the same, and nobody is told to end what holds its ports', async () => {
  const sockets: Socket[] = []
  const hung = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1')
  await once(hung, 'listening')
  const env = { FOYER_HTTP__LISTEN: `127.0.0.1:${(hung.address() as AddressInfo).port}` }
  const config = { ...configOf(env), data: mkdtempSync(join(folder, 'hung-')) }
  expect((await examine(config, {})).filter(({ verdict }) => verdict === 'fail')).toMatchObject([
    { check: 'ports', text: expect.stringContaining('taken by another') },
  ])
  const admin = createServer((socket) => void sockets.push(socket)).listen(adminSocket(config.data))
  await once(admin, 'listening')
  const findings = await examine(config, {}, 10)
  expect(findings.filter(({ verdict }) => verdict === 'fail')).toMatchObject([
    { check: 'gateway', text: expect.stringMatching(/may run, and cannot be asked: no answer on .* within/) },
  ])
  expect(brief(findings).join()).not.toContain('ports')
  for (const socket of sockets) socket.destroy()
  for (const server of [hung, admin]) {
    server.close()
    await once(server, 'close')
  }
})

test('friends of whom none is linked are a warning', () => {
  const verdict = (friends: number, friendsOnline: number) =>
    brief(
      checkFriends({ networks: [{ id: 'retroshare', friends, friendsOnline }] } as unknown as GatewayStatus),
    )
  expect([verdict(2, 0), verdict(2, 1), verdict(0, 0)]).toEqual([
    ['friends warn'],
    ['friends ok'],
    ['friends ok'],
  ])
})
