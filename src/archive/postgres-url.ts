/** The address of a PostgreSQL database: postgres://user:password@host:port/db?sslmode=… Source: PostgreSQL, libpq connection URIs. */

/** As libpq means them: `require` encrypts, `verify-ca` checks who signed, `verify-full` also the name. */
export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

export interface PostgresLocation {
  /** Name, address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Null when the server asks for none. */
  readonly password: string | null
  readonly sslMode: SslMode
  /** Files in PEM; null where not given. */
  readonly sslRootCert: string | null
  readonly sslCert: string | null
  readonly sslKey: string | null
}

const PORT = 5432
const SSL_MODES: ReadonlySet<string> = new Set(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
const PARAMETERS: ReadonlySet<string> = new Set(['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'])

/** What `text` names, or what is wrong with it; that never repeats any part of the text. */
export function parsePostgresUrl(text: string): PostgresLocation | { readonly problem: string } {
  // A URL without host, as for a Unix socket, has user and password all the same.
  const url = parseUrl(text) ?? parseUrl(text.replace(/@(?=[:/])/, '@localhost'))
  const bad = (problem: string) => ({ problem })
  if (!url) return bad('expected postgres://user:password@host:port/database')
  const given = Object.fromEntries(url.searchParams)
  if (Object.keys(given).some((name) => !PARAMETERS.has(name)))
    return bad(`has a parameter that is none of ${[...PARAMETERS].join(', ')}`)
  const [user, password, path] = [url.username, url.password, url.pathname.slice(1)].map(decoded)
  const host = given.host ?? decoded(url.hostname.replace(/^\[(.*)\]$/, '$1'))
  if (user === undefined || password === undefined || path === undefined || host === undefined)
    return bad('has a % that no two hex digits follow')
  if (user === '') return bad('names no user: postgres://user:password@host:port/database')
  if (host === '') return bad('names no host: postgres://user:password@host:port/database')
  if (path === '' || path.includes('/'))
    return bad('names no database: postgres://user:password@host:port/database')
  const sslMode = given.sslmode ?? 'prefer'
  if (!SSL_MODES.has(sslMode)) return bad(`sslmode is ${[...SSL_MODES].join(', ')}`)
  if (sslMode === 'verify-ca' && given.sslrootcert === undefined)
    return bad('sslmode=verify-ca needs sslrootcert: anybody can get a certificate of a public authority')
  if ((given.sslcert === undefined) !== (given.sslkey === undefined))
    return bad('sslcert and sslkey belong together')
  return {
    host,
    port: url.port === '' ? PORT : Number(url.port),
    database: path,
    user,
    password: password === '' ? null : password,
    sslMode: sslMode as SslMode,
    sslRootCert: given.sslrootcert ?? null,
    sslCert: given.sslcert ?? null,
    sslKey: given.sslkey ?? null,
  }
}

/** A location for people, without the password. */
export function nameOf({ user, host, port, database }: PostgresLocation): string {
  const at = host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
  return `postgres://${user}@${at}/${database}`
}

function parseUrl(text: string): URL | undefined {
  return /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
