// Prosody as a host server of tests: a component, a MUC service of its own, or both.
import { join } from 'node:path'
import { HostServer, type HostServerOptions } from './host-server.ts'

const MODULES = ['roster', 'saslauth', 'disco', 'ping', 'version', 'time', 'pep', 'vcard_legacy']

/** Starts Debian's Prosody; see `HostServer`. */
export const startProsody = (options: HostServerOptions = {}): Promise<HostServer> =>
  HostServer.start('prosody', (folder, ports) => ({
    config: {
      file: 'prosody.cfg.lua',
      text: `
run_as_root = true
pidfile = "${join(folder, 'prosody.pid')}"
data_path = "${join(folder, 'data')}"
certificates = "${folder}"
${options.tls ? `ssl = { certificate = "${options.tls.cert}", key = "${options.tls.key}" }` : ''}
log = { { levels = { min = "info" }, to = "console" } }
interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.c2s} }
c2s_direct_tls_ports = { }
component_ports = { ${ports.component} }
component_interfaces = { "127.0.0.1" }
http_ports = { ${ports.http} }
http_interfaces = { "127.0.0.1" }
http_default_host = "localhost"
https_ports = { }
modules_enabled = { ${[...MODULES, ...(options.tls ? ['tls'] : []), ...(options.modules ?? [])].map((name) => `"${name}"`).join(', ')} }
modules_disabled = { "s2s", "offline" }
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
c2s_stanza_size_limit = 262144

VirtualHost "localhost"
${options.muc ? `Component "${options.muc}" "muc"\n  modules_enabled = { "muc_mam" }\n` : ''}
Component "${options.component?.domain ?? 'unused.localhost'}"
  component_secret = "${options.component?.secret ?? 'unused'}"
`,
    },
    command: ['prosody', '-F', '--config', join(folder, 'prosody.cfg.lua')],
    env: {},
    ready: ["Activated service 'c2s' on [", "Activated service 'component' on ["],
  }))
