// What to do next, told to who starts the gateway at a terminal, for each way to configure it.
import { expect, test } from 'vitest'
import { commandLine, welcome } from '../../src/cli/welcome.ts'
import { loadConfig } from '../../src/config.ts'

const told = (env: Record<string, string> = {}, invitations = ['INVITATION']): string =>
  welcome({
    config: loadConfig({ env }),
    ports: { c2s: 5222, http: 5280, retroshare: 7812 },
    invitations,
    command: (words) => `foyer ${words}`,
  }).join('\n')

test('the defaults are told with addresses, the invitation, and how to be reached from outside', () => {
  const text = told()
  expect(text).toContain('http://127.0.0.1:5280/chat/')
  expect(text).toContain('server 127.0.0.1 port 5222, domain localhost, no TLS, anonymous login')
  expect(text).toContain(' INVITATION\n')
  expect(text).toContain('FOYER_RETROSHARE__LISTEN=0.0.0.0:7812 FOYER_RETROSHARE__ADVERTISE=YOUR.HOST:7812')
  expect(text).not.toContain('user add')
})

test('a server for others is told by its domain, with how to make accounts; what is open is not told to be closed', () => {
  const text = told({
    FOYER_XMPP__SERVER__DOMAIN: 'example.org',
    FOYER_XMPP__SERVER__LISTEN: '0.0.0.0:5222',
    FOYER_XMPP__SERVER__AUTH: 'accounts',
    FOYER_XMPP__SERVER__TLS: '{ cert: c, key: k }',
    FOYER_HTTP__LISTEN: '[::]:5280',
    FOYER_HTTP__TOKEN: 'x',
    FOYER_RETROSHARE__LISTEN: '0.0.0.0:7812',
  })
  expect(text).toContain('server example.org port 5222, domain example.org, TLS, with an account:')
  expect(text).toContain('foyer user add NAME')
  expect(text).toContain('http://127.0.0.1:5280/ (asks for http.token)')
  expect(text).not.toMatch(/\/chat\/|Outside|elsewhere/)
})

test('a component without server and without network says no more than there is', () => {
  const text = told(
    {
      FOYER_XMPP__SERVER: 'null',
      FOYER_XMPP__COMPONENT__SECRET: 's',
      FOYER_RETROSHARE: 'null',
      FOYER_HTTP__PUBLICURL: 'https://chat.example.org',
    },
    [],
  )
  expect(text).toContain('Host server 127.0.0.1 port 5347')
  expect(text).toContain('https://chat.example.org/\n')
  expect(text).not.toMatch(/friend|Outside|\/chat\/|domain localhost/)
})

test.each([
  ['/usr/bin/foyer', '/srv/data', '/srv', 'foyer status'],
  ['/srv/foyer/dist/main.js', '/srv/foyer/data', '/srv/foyer', 'node dist/main.js status'],
  [
    '/srv/foyer/dist/main.js',
    '/var/lib/foyer',
    '/home/ann',
    'node /srv/foyer/dist/main.js status --data /var/lib/foyer',
  ],
  ['/usr/bin/foyer', "/srv/ann's data", '/', "foyer status --data '/srv/ann'\\''s data'"],
])('a command of %s with data in %s is typed in %s as %s', (program, data, cwd, line) => {
  expect(commandLine(program, data, cwd)('status')).toBe(line)
})
