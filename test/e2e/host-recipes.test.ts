// The recipes for operators of Prosody and ejabberd, as they are in config/: a server that has one takes the link.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { createComponent } from '../../src/xmpp/component/component.ts'
import { type HostPorts, type HostRecipe, HostServer } from '../support/host-server.ts'
import { describeWith } from '../support/peers.ts'

const DOMAIN = 'lobbies.example.org'
const SECRET = 'change me'

interface EjabberdConfig {
  readonly listen: readonly Readonly<Record<string, unknown>>[]
}

const PROSODY = {
  text: (folder: string, ports: HostPorts): string => `
run_as_root = true
pidfile = "${join(folder, 'prosody.pid')}"
data_path = "${folder}"
log = { { levels = { min = "info" }, to = "console" } }
interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.c2s} }
c2s_direct_tls_ports = { }
modules_disabled = { "s2s" }
${readFileSync('config/prosody/foyer.cfg.lua', 'utf8').replace('{ 5347 }', `{ ${ports.component} }`)}
VirtualHost "localhost"
`,
  recipe: (folder: string, ports: HostPorts): HostRecipe => ({
    config: { file: 'prosody.cfg.lua', text: PROSODY.text(folder, ports) },
    command: ['prosody', '-F', '--config', join(folder, 'prosody.cfg.lua')],
    env: {},
    ready: ["Activated service 'c2s'", "Activated service 'component'"],
  }),
}

const EJABBERD = {
  text: (ports: HostPorts): string => {
    const { listen } = parse(readFileSync('config/ejabberd/foyer.yml', 'utf8')) as EjabberdConfig
    const c2s = { port: ports.c2s, ip: '127.0.0.1', module: 'ejabberd_c2s' }
    const ours = listen.map((listener) => ({ ...listener, port: ports.component }))
    return stringify({
      hosts: ['localhost'],
      loglevel: 'info',
      listen: [c2s, ...ours],
      modules: { mod_disco: {} },
    })
  },
  recipe: (folder: string, ports: HostPorts): HostRecipe => ({
    config: { file: 'ejabberd.yml', text: EJABBERD.text(ports) },
    command: ['erl', '-noinput', '-mnesia', 'dir', `"${join(folder, 'db')}"`, '-s', 'ejabberd'],
    env: {
      EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
      EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      ERL_LIBS: '/usr/lib/x86_64-linux-gnu',
      ERL_CRASH_DUMP: join(folder, 'erl_crash.dump'),
    },
    ready: ['for ejabberd_c2s', 'for ejabberd_service'],
  }),
}

for (const [name, { recipe }] of Object.entries({ prosody: PROSODY, ejabberd: EJABBERD }))
  describeWith([name as 'prosody' | 'ejabberd'], `the recipe for ${name}`, () => {
    test('makes it take the link of the gateway', async () => {
      const host = await HostServer.start(name, recipe)
      try {
        await new Promise<void>((resolve, reject) => {
          const log = pino({ level: 'warn' }, { write: (line) => reject(new Error(`${line}\n${host.log}`)) })
          const component = createComponent({
            address: { host: '127.0.0.1', port: host.ports.component, domain: DOMAIN, secret: SECRET },
            log,
            random: Math.random,
            onStanza: () => undefined,
            onUp: () => component.stop().then(resolve, reject),
            onMissed: () => undefined,
          })
          component.start()
        })
      } finally {
        await host.dispose()
      }
    }, 60_000)
  })

test('both recipes name the same domain and secret as they tell operators to give to the gateway', () => {
  for (const file of ['config/prosody/foyer.cfg.lua', 'config/ejabberd/foyer.yml']) {
    const text = readFileSync(file, 'utf8')
    expect(text).toContain(`FOYER_XMPP__DOMAIN=${DOMAIN}`)
    expect(text).toContain('FOYER_XMPP__COMPONENT__SECRET_FILE=')
  }
})
