// ejabberd as a host server of tests: a component, a MUC service of its own, or both.
import { join } from 'node:path'
import { HostServer, type HostServerOptions } from './host-server.ts'

/** Starts Debian's ejabberd without Erlang distribution, so without epmd; see `HostServer`. */
export const startEjabberd = (options: HostServerOptions = {}): Promise<HostServer> =>
  HostServer.start('ejabberd', (folder, ports) => ({
    config: {
      file: 'ejabberd.yml',
      text: `
hosts: [localhost]
loglevel: info
certfiles: []
access_rules: { everybody: [ { allow: all } ] }
auth_method: [anonymous]
anonymous_protocol: login_anon
allow_multiple_connections: true
listen:
  - { port: ${ports.c2s}, ip: "127.0.0.1", module: ejabberd_c2s, access: everybody, shaper: none, starttls: false, max_stanza_size: 262144 }
  - port: ${ports.component}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: everybody
    shaper: none
    hosts: { ${options.component?.domain ?? 'unused.localhost'}: { password: "${options.component?.secret ?? 'unused'}" } }
modules:
  mod_disco: {}
  mod_roster: {}
  mod_ping: {}
  mod_vcard: {}
  mod_mam: { default: never, db_type: mnesia }
${options.muc ? muc(options.muc) : ''}`,
    },
    command: ['erl', '-noinput', '-mnesia', 'dir', `"${join(folder, 'db')}"`, '-s', 'ejabberd'],
    env: {
      EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
      EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      ERL_LIBS: '/usr/lib/x86_64-linux-gnu',
      ERL_CRASH_DUMP: join(folder, 'erl_crash.dump'),
    },
    ready: ['for ejabberd_c2s', 'for ejabberd_service'],
  }))

const muc = (host: string): string => `  mod_muc:
    host: ${host}
    access: everybody
    access_create: everybody
    access_persistent: everybody
    access_mam: everybody
    access_admin: none
    min_message_interval: 0
    min_presence_interval: 0
    max_users_presence: 1000
    default_room_options: { mam: true }
`
