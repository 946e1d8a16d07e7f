// The first start, without configuration, at a terminal, in a clean environment: all that is printed there works.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { xml } from '@xmpp/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { FoyerProcess } from '../support/foyer-process.ts'
import { describeWith } from '../support/peers.ts'
import { RawWebSocket } from '../support/raw-xmpp.ts'
import { XmppUser } from '../support/xmpp-user.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const ENV = { PATH: process.env.PATH ?? '', TERM: 'dumb' }
vi.setConfig({ testTimeout: 60_000 })

describeWith(['script'], 'the first start', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'foyer-first-')))
  let child: ChildProcess
  let output = ''

  /** Resolves when so much has been printed. */
  const printed = (what: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const judge = (): void => {
        if (!what.test(output)) return
        child.stdout?.off('data', judge)
        resolve()
      }
      child.stdout?.on('data', judge)
      child.once('exit', () => reject(new Error(output)))
      judge()
    })
  /** The first group of what is printed. */
  const found = (what: RegExp): string => {
    const [, group] = what.exec(output) ?? []
    expect(group, `${what} in ${output}`).toBeDefined()
    return group ?? ''
  }
  /** Runs a command as somebody would who copied it, in the same folder. */
  const typed = async (line: string, env: Record<string, string> = {}): Promise<string> => {
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: folder, env: { ...ENV, ...env } })
    return stdout
  }

  const start = async (): Promise<void> => {
    output = ''
    // Nothing is configured but that the ports are free ones: the usual ones may be in use here.
    const free = ['XMPP__SERVER', 'HTTP', 'RETROSHARE'].map((key) => [`FOYER_${key}__LISTEN`, '127.0.0.1:0'])
    child = spawn('script', ['-qc', `'${process.execPath}' '${MAIN}' start`, '/dev/null'], {
      cwd: folder,
      env: { ...ENV, ...Object.fromEntries(free) },
    })
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text.replaceAll('\r', '')
    })
    await printed(/main\.js doctor\n/)
  }
  /** Resolves when the gateway has ended in order: then its socket is gone, and all of the database is in one file. */
  const gone = (): Promise<void> =>
    new Promise((resolve) => {
      const data = join(folder, 'data')
      const judge = (): void => {
        if (['admin.sock', 'foyer.db-wal'].some((name) => existsSync(join(data, name)))) return
        watcher.close()
        resolve()
      }
      const watcher = watch(data, judge)
      judge()
    })

  beforeAll(start, 120_000)
  afterAll(async () => {
    child.kill('SIGKILL')
    await gone()
    rmSync(folder, { recursive: true, force: true })
  })

  test('keeps all its state in one folder, and says where', () => {
    const data = found(/All its state is in (\S+)\. /)
    expect(data).toBe(join(folder, 'data'))
    expect(readdirSync(folder)).toEqual(['data'])
    expect(existsSync(join(data, 'foyer.db'))).toBe(true)
  })

  test('the pages are there, and the chat page finds its WebSocket', async () => {
    const chat = found(/Chat +(\S+)/)
    expect(await (await fetch(chat)).text()).toContain('converse')
    const socket = await RawWebSocket.connect(Number(new URL(chat).port))
    socket.socket.close()
    const page = await fetch(found(/Who is in +(\S+)/))
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
  })

  test('an XMPP client logs in as it says, and finds the rooms where it says', async () => {
    const user = await XmppUser.login(
      Number(found(/XMPP +server 127\.0\.0\.1 port (\d+), domain localhost,/)),
    )
    const answer = await user.iq(
      'get',
      found(/Rooms +at (\S+)/),
      xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' }),
    )
    expect(answer.toString()).toContain('conference')
    await user.quit()
  })

  test('a lobby is made with the command that it prints, and its room is listed', async () => {
    const command = found(/A lobby of your own: (.+)/).replace('NAME', 'Tea')
    expect(await typed(command)).toMatch(/^[0-9a-f]{16}\n$/)
    expect(await typed(command.replace(/lobby create Tea/, 'lobby list'))).toContain('tea.')
  })

  test('a friend takes the invitation, the command takes theirs, and both are linked', async () => {
    const friend = await FoyerProcess.start()
    try {
      await friend.cli('friend', 'add', found(/Give a friend this invitation,\n +(\S+)\n/))
      await typed(
        found(/\n +(\S.* friend add INVITATION)\n/).replace('INVITATION', await friend.cli('invite')),
      )
      await friend.mapWhen<{ networks: { friends: { online: boolean }[] }[] }>(
        ({ networks }) => networks[0]?.friends[0]?.online === true,
      )
    } finally {
      await friend.dispose()
    }
  })

  test('what it prints for friends elsewhere is a configuration, and leads to a page that is there', async () => {
    const variables = found(/(FOYER_RETROSHARE__LISTEN=\S+ FOYER_RETROSHARE__ADVERTISE=\S+)/)
    const check = `${variables.replace('YOUR.HOST', 'foyer.example.org')} ${found(/All well\? +(.+) status/)} check`
    expect(await typed(check)).toBe('the defaults: valid\n')
    expect(existsSync(found(/(docs\/\S+\.md)/))).toBe(true)
  })

  test('status and doctor find it well', async () => {
    expect(await typed(found(/All well\? +(.+)/))).toMatch(/^Foyer \d/)
    expect(await typed(found(/\n +(\S.* doctor)\n/))).not.toMatch(/^fail/m)
  })

  test('Ctrl-C ends it', async () => {
    const ended = once(child, 'exit')
    child.stdin?.write('\u0003')
    await ended
    expect(output).toMatch(/stopped/)
    await gone()
  })

  test('closing the terminal ends it too, and leaves the folder to the next start', async () => {
    await start()
    const ended = gone()
    child.kill('SIGKILL')
    await ended
  })
})
