// Real peers that a test needs: found, or visibly skipped with the command that installs them, or a failure.

import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { describe } from 'vitest'
import { ETHORA_PACKAGES } from './ethora-packages.ts'
import { postgresPrograms } from './postgres.ts'

const isRequired = process.env.REQUIRE_PEERS === '1'

const PEERS = {
  chromium: { isThere: () => isExecutable('/usr/bin/chromium'), install: 'apt-get install chromium' },
  ejabberd: { isThere: () => isExecutable('/usr/sbin/ejabberdctl'), install: 'apt-get install ejabberd' },
  ethora: {
    isThere: () => existsSync(ETHORA_PACKAGES) || process.env.ETHORA_PAGE !== undefined,
    install: 'test/peers/ethora.sh',
  },
  postgresql: { isThere: () => postgresPrograms() !== undefined, install: 'apt-get install postgresql' },
  gajim: {
    isThere: () =>
      ['gajim', 'gdbus', 'dbus-daemon', 'xdotool', 'Xvfb'].every((name) => isExecutable(`/usr/bin/${name}`)),
    install: 'apt-get install dbus gajim libglib2.0-bin xdotool xvfb',
  },
  'go-sendxmpp': {
    isThere: () => isExecutable('/usr/bin/go-sendxmpp'),
    install: 'apt-get install go-sendxmpp',
  },
  mcabber: {
    isThere: () => isExecutable('/usr/bin/mcabber') && isExecutable('/usr/bin/tmux'),
    install: 'apt-get install mcabber tmux',
  },
  openssl: { isThere: () => succeeds('openssl', ['version']), install: 'apt-get install openssl' },
  poezio: {
    isThere: () => isExecutable('/usr/bin/poezio') && isExecutable('/usr/bin/tmux'),
    install: 'apt-get install poezio tmux',
  },
  profanity: {
    isThere: () => isExecutable('/usr/bin/profanity') && isExecutable('/usr/bin/tmux'),
    install: 'apt-get install profanity tmux',
  },
  prometheus: {
    isThere: () => isExecutable('/usr/bin/prometheus') && isExecutable('/usr/bin/promtool'),
    install: 'apt-get install prometheus',
  },
  prosody: { isThere: () => isExecutable('/usr/bin/prosody'), install: 'apt-get install prosody' },
  systemd: {
    isThere: () => isExecutable('/usr/bin/systemd-notify') && isExecutable('/usr/bin/systemd-analyze'),
    install: 'apt-get install systemd',
  },
  script: { isThere: () => succeeds('script', ['--version']), install: 'apt-get install bsdutils' },
  slixmpp: {
    isThere: () =>
      succeeds('python3', ['-c', 'import slixmpp']) || succeeds('/usr/bin/python3', ['-c', 'import slixmpp']),
    install: 'apt-get install python3-slixmpp',
  },
} as const

export type Peer = keyof typeof PEERS

/** `describe` for tests that need real peers. Without them: a visible skip; with REQUIRE_PEERS=1: a failure. */
export function describeWith(peers: readonly Peer[], name: string, body: () => void): void {
  const missing = peers.filter((peer) => !PEERS[peer].isThere())
  if (missing.length === 0) {
    describe(name, body)
    return
  }
  const how = missing.map((peer) => PEERS[peer].install).join(' && ')
  if (isRequired) throw new Error(`${name}: missing ${missing.join(', ')}: ${how}`)
  console.warn(`SKIPPED: ${name}: missing ${missing.join(', ')}. To run it: ${how}`)
  describe.skip(`${name} (missing ${missing.join(', ')}: ${how})`, body)
}

/** The Python that has slixmpp: Debian's, even where another one comes first in the path. */
export const python = (): string =>
  succeeds('python3', ['-c', 'import slixmpp']) ? 'python3' : '/usr/bin/python3'

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
