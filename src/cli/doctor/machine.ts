/** Checks of what is on this machine: versions, data folder, disk, database file, certificate, files with secrets. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../../config.ts'
import { retroshareFolder } from '../../gateway/networks.ts'
import { NODE_IDENTITY_FILE } from '../../retroshare/identity/node-identity.ts'
import { GatewayError } from '../../util/errors.ts'
import { VERSION } from '../../version.ts'
import { loadTls } from '../../xmpp/tls/server-tls.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** The oldest Node.js that package.json allows. */
const MIN_NODE = [20, 19] as const
/** Less is soon too little; with less than the second nothing can be promised. */
const SOON_BYTES = 1_073_741_824
const SCARCE_BYTES = 104_857_600

export function checkVersion(node = process.versions.node): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const text = `Foyer ${VERSION} on Node.js ${node}`
  return major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])
    ? ok('version', text)
    : fail('version', text, `install Node.js ${MIN_NODE.join('.')} or newer`)
}

/** The folder of all state: there, ours alone, and writable. */
export function checkData({ data }: Config): Finding[] {
  if (!existsSync(data))
    return isWritable(dirname(data))
      ? [ok('data', `${data} is made at the first start`)]
      : [
          fail(
            'data',
            `${data} cannot be made`,
            `make it, and give it to the user of the gateway: chown USER ${data}`,
          ),
        ]
  if (!isWritable(data))
    return [
      fail('data', `${data} cannot be written`, `run this as the user of the gateway, or chown USER ${data}`),
    ]
  const keys = join(retroshareFolder(data), NODE_IDENTITY_FILE)
  return [data, ...(existsSync(keys) ? [keys] : [])].map((path) =>
    isOthers(path)
      ? warn(
          'permissions',
          `other users of this machine may read ${path}: it holds keys`,
          `chmod go= ${path}`,
        )
      : ok('permissions', `${path} is its owner's alone`),
  )
}

export function checkDisk({ data }: Config): Finding {
  const folder = existsSync(data) ? data : dirname(data)
  if (!existsSync(folder)) return ok('disk', 'told once the data folder is there')
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const text = `${(free / 2 ** 30).toFixed(1)} GiB free for ${data}`
  const mend = 'free space, or lower archive.retention, limits.files and limits.uploads'
  if (free < SCARCE_BYTES) return fail('disk', text, mend)
  return free < SOON_BYTES ? warn('disk', text, mend) : ok('disk', text)
}

/** The certificate as a start would take it. */
export function checkCertificate({ xmpp: { server } }: Config, nowMs: number): Finding[] {
  if (!server?.tls) return []
  try {
    const { warnings, untilMs } = loadTls(server.tls, server.domain, nowMs)
    return warnings.length > 0
      ? warnings.map((text) =>
          // With one that has ended clients on other machines cannot log in.
          (untilMs < nowMs ? fail : warn)(
            'certificate',
            text,
            'renew it, then send SIGHUP: docs/operating.md, TLS',
          ),
        )
      : [ok('certificate', `for ${server.domain}, until ${new Date(untilMs).toISOString().slice(0, 10)}`)]
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [fail('certificate', error.message, 'name the files of certificate and key that belong together')]
  }
}

/** Files that hold secrets: those that variables `…_FILE` name. */
export function checkSecrets(env: Readonly<Record<string, string | undefined>>): Finding[] {
  return Object.entries(env).flatMap(([name, path]) => {
    if (!/^FOYER_.*_FILE$/.test(name) || path === undefined || !existsSync(path)) return []
    return isOthers(path, 0o007)
      ? [warn('permissions', `every user of this machine can read ${path} (${name})`, `chmod o= ${path}`)]
      : [ok('permissions', `${path} is not for everybody`)]
  })
}

/** The file of the database, as far as it can be told without opening it. */
export function checkDatabaseFile({ archive: { location } }: Config): Finding[] {
  if (location.kind !== 'sqlite') return []
  const { file } = location
  if (!existsSync(file)) return [ok('database', `${file} is made at the first start`)]
  return isWritable(file)
    ? [ok('database', `${file}, ${statSync(file).size} bytes`)]
    : [
        fail(
          'database',
          `${file} cannot be written`,
          `run this as the user of the gateway, or chown USER ${file}`,
        ),
      ]
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

const isOthers = (path: string, bits = 0o077): boolean =>
  process.platform !== 'win32' && (statSync(path).mode & bits) !== 0
