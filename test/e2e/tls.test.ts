// The whole gateway with a certificate: its ports, its commands, renewal by SIGHUP, and Profanity cut off and back.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serialize } from '../../src/stanza/xml.ts'
import { type Issued, TestCertificates } from '../support/certificates.ts'
import { cuttable } from '../support/cuttable.ts'
import { FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { profanity } from '../support/terminal-clients/profanity.ts'

let certificates: TestCertificates
let foyer: FoyerProcess
let env: Record<string, string>
beforeAll(async () => {
  certificates = new TestCertificates()
  env = {
    FOYER_XMPP__SERVER__AUTH: 'both',
    FOYER_XMPP__SERVER__DIRECTTLS: '127.0.0.1:0',
    FOYER_XMPP__SERVER__TLS__CERT: certificates.files.cert,
    FOYER_XMPP__SERVER__TLS__KEY: certificates.files.key,
  }
  foyer = await FoyerProcess.start(env)
  await foyer.cliWith('wonder\n', 'user', 'add', 'alice', '--password-stdin')
}, 60_000)
afterAll(async () => {
  await foyer?.dispose()
  certificates.dispose()
})

const securely = (): Promise<RawTcp> =>
  RawTcp.connectTls(foyer.ports.c2sTls ?? 0, { ca: certificates.root.certPem })
const shows = ({ socket }: RawTcp, { key }: Issued): boolean | undefined =>
  (socket as TLSSocket).getPeerX509Certificate()?.checkPrivateKey(key)

test('the ready line names the second port, where an account logs in', async () => {
  expect(await (await securely()).login('alice', 'wonder')).toBe('alice@localhost/r')
})

test('SIGHUP takes a renewed certificate; one that cannot be used is refused, and nobody loses the connection', async () => {
  const before = await securely()
  await before.login('alice', 'wonder', 'stays')
  const renewed = certificates.renew()
  expect(shows(await securely(), renewed)).toBe(false)
  const read = foyer.logged('configuration read again')
  process.kill(foyer.pid, 'SIGHUP')
  await read
  expect(shows(await securely(), renewed)).toBe(true)
  writeFileSync(certificates.files.cert, 'nonsense')
  const refused = foyer.logged('certificate refused, the old one stays')
  process.kill(foyer.pid, 'SIGHUP')
  expect(await refused).toContain('xmpp.server.tls.cert')
  expect(shows(await securely(), renewed)).toBe(true)
  expect(await before.settled()).toEqual([])
}, 30_000)

test('check tries the certificate, and says what clients will refuse', () => {
  const check = () =>
    spawnSync(process.execPath, ['dist/main.js', 'check'], { env: { PATH: '', ...env }, encoding: 'utf8' })
  certificates.renew('elsewhere.example')
  const doubtful = check()
  expect(doubtful.status).toBe(0)
  expect(doubtful.stderr).toContain('xmpp.server.tls.cert: the certificate is not for localhost')
  writeFileSync(certificates.files.key, 'nonsense')
  const bad = check()
  expect(bad.status).toBe(1)
  expect(bad.stderr).toMatch(/xmpp\.server\.tls\.key: .*\[XMPP_TLS_UNUSABLE\]/)
  certificates.renew()
})

describeWith(['profanity'], 'Profanity', () => {
  test('talks over STARTTLS, is cut off, resumes and has missed nothing; nobody saw it leave', async () => {
    const room = 'den@lobbies.localhost'
    const bob = await RawTcp.connect(foyer.ports.c2s)
    await bob.login()
    const seen: string[] = []
    const until = async (matches: RegExp): Promise<void> => {
      do seen.push(serialize(await bob.element()))
      while (!matches.test(seen.at(-1) ?? ''))
    }
    bob.send(`<presence to='${room}/Bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
    await until(/<subject/)
    // A new room is locked until its owner accepts it.
    const accept =
      "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>"
    bob.send(`<iq type='set' to='${room}' id='accept'>${accept}</iq>`)
    await until(/id="accept"/)

    const way = await cuttable(foyer.ports.c2s)
    const account = { jid: 'alice@localhost', password: 'wonder', root: certificates.root.certPem }
    const terminal = await profanity.login({ ...account, port: way.port })
    try {
      await profanity.join(terminal, room, 'Prof')
      await until(/<presence [^>]*from="den@lobbies\.localhost\/Prof"/)
      await terminal.shows(/You have joined the room as Prof/)
      expect(await terminal.capture()).toContain('[TLS]')
      await profanity.say(terminal, 'first words')
      await until(/first words/)

      way.cut()
      bob.send(`<message to='${room}' type='groupchat' id='away'><body>said while away</body></message>`)
      await terminal.shows(/said while away/)
      await profanity.say(terminal, 'back again')
      await until(/back again/)
      expect(seen.filter((stanza) => /type="unavailable"/.test(stanza))).toEqual([])
      expect((await terminal.capture()).match(/said while away/g)).toHaveLength(1)
    } finally {
      terminal.quit()
      way.close()
      bob.socket.destroy()
    }
  }, 60_000)
})
