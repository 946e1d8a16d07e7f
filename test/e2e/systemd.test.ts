// Under systemd: the unit is accepted, and a service tells that it is ready, alive and stopping, as its protocol wants.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { FoyerProcess } from '../support/foyer-process.ts'
import { describeWith, python } from '../support/peers.ts'

const folder = mkdtempSync(join(tmpdir(), 'foyer-systemd-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Prints a line for each datagram on a Unix socket. Node.js has no such sockets. */
const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(4096).decode().replace('\\n', ' '), flush=True)`

describeWith(['systemd', 'slixmpp'], 'systemd', () => {
  test('hears that the service is ready, again and again that it is alive, and that it stops', async () => {
    const socket = join(folder, 'notify')
    const listener = spawn(python(), ['-c', LISTEN, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]()
    const next = async (): Promise<string> => String((await lines.next()).value)
    try {
      expect(await next()).toBe('bound')
      const foyer = await FoyerProcess.start({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000' })
      const ofUs = async (): Promise<string> => {
        for (;;) {
          const line = await next()
          // systemd-notify waits for its message to be taken; that is between it and systemd.
          if (!line.startsWith('BARRIER')) return line.trim()
        }
      }
      expect(await ofUs()).toBe('READY=1 STATUS=all is well')
      for (let n = 0; n < 2; n++) expect(await ofUs()).toBe('WATCHDOG=1 STATUS=all is well')
      const stopped = foyer.stop()
      let last = await ofUs()
      while (last.startsWith('WATCHDOG')) last = await ofUs()
      expect(last).toBe('STOPPING=1')
      expect(await stopped).toBe(0)
      await foyer.dispose()
    } finally {
      listener.kill()
      await once(listener, 'exit')
    }
  }, 60_000)

  test('finds nothing wrong with the unit', async () => {
    const unit = join(folder, 'foyer.service')
    // Foyer is not installed where the tests run.
    const text = readFileSync('config/systemd/foyer.service', 'utf8')
    writeFileSync(unit, text.replace('/usr/bin/node /opt/foyer', `${process.execPath} /opt/foyer`))
    const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', unit])
    expect(stderr.split('\n').filter((line) => line.includes('foyer.service'))).toEqual([])
  })
})
